package groupsim.harness;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;

import org.apache.kafka.common.protocol.Errors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjLongConsumer;

/** Carries out input lines. A line is read whole before anything of it happens, so that a bad one changes nothing. */
final class Commands {
    private final JsonGenerator out;
    private Session session = null;

    Commands(JsonGenerator out) {
        this.out = out;
    }

    /** The session that the last config line opened, or null before the first. */
    Session session() {
        return session;
    }

    void carryOut(JsonNode line) {
        Fields.read(line, "line", this::command).run();
    }

    private Runnable command(Fields line) {
        String op = line.string("op");
        return switch (op) {
            case "config" -> config(line);
            case "request" -> request(line);
            case "advance" -> advance(line, Session::advance);
            case "advance_before_timers" -> advance(line, Session::advanceBeforeTimers);
            case "advance_to_next" -> open()::advanceToNext;
            case "fail_appends" -> failAppends(line);
            case "reload" -> {
                Session open = open();
                if (line.has("broker")) {
                    BrokerConfig config = BrokerConfig.read(line.raw("broker"));
                    yield () -> open.restart(config);
                }
                yield () -> {
                    open.unload();
                    open.load();
                };
            }
            case "unload" -> open()::unload;
            case "start_load" -> open()::startLoad;
            case "finish_load" -> open()::finishLoad;
            case "delete_topics" -> {
                Session open = open();
                List<String> topics = line.strings("topics");
                yield () -> open.deleteTopics(topics);
            }
            case "assign" -> assign(line);
            default -> throw new BadInput("unknown op " + op);
        };
    }

    private Runnable config(Fields line) {
        BrokerConfig config = BrokerConfig.read(line.raw("broker"));
        Map<String, Integer> topics = topics(line.raw("topics"));
        long seed = line.int64("seed", 0);
        return () -> {
            if (session != null) session.close();
            SeededRandom.reset(seed);
            session = new Session(config, topics, out);
        };
    }

    private static Map<String, Integer> topics(JsonNode object) {
        Map<String, Integer> partitionsByTopic = new LinkedHashMap<>();
        if (object == null) return partitionsByTopic;
        if (!object.isObject()) throw new BadInput("config: topics must be an object");
        for (Map.Entry<String, JsonNode> topic : object.properties()) {
            JsonNode partitions = topic.getValue();
            if (!partitions.isInt() || partitions.intValue() < 1)
                throw new BadInput("config: the number of partitions of " + topic.getKey() + " must be 1 or more");
            partitionsByTopic.put(topic.getKey(), partitions.intValue());
        }
        return partitionsByTopic;
    }

    private Runnable request(Fields line) {
        Session open = open();
        long id = line.int64("id");
        Api api = Api.named(line.string("api"));
        int version = line.int32("version", api.newestVersion);
        api.checkVersion(version);
        ClientContext context = new ClientContext(
            api.id(),
            version,
            line.string("client_id", "client"),
            ClientContext.address(line.string("client_host", "/127.0.0.1"))
        );
        JsonNode body = line.raw("body");
        return () -> open.request(id, api, context, body);
    }

    private Runnable advance(Fields line, ObjLongConsumer<Session> how) {
        Session open = open();
        long ms = line.int64("ms");
        if (ms < 0) throw new BadInput("ms must be 0 or more");
        return () -> how.accept(open, ms);
    }

    private Runnable failAppends(Fields line) {
        Session open = open();
        String name = line.string("error");
        int count = line.int32("count", 1);
        if (count < 0) throw new BadInput("count must be 0 or more");
        Errors error;
        try {
            error = Errors.valueOf(name);
        } catch (IllegalArgumentException unknown) {
            throw new BadInput("Kafka has no error " + name);
        }
        if (error == Errors.NONE) throw new BadInput("NONE is not an error");
        return () -> open.failAppends(error, count);
    }

    /** The one line that needs no coordinator. */
    private Runnable assign(Fields line) {
        long id = line.int64("id");
        Map<String, Integer> topics = topics(line.raw("topics"));
        Assignors assignors =
            new Assignors(line.string("assignor"), line.objects("members", Assignors.Member::read));
        return () -> {
            try {
                out.writeStartObject();
                out.writeNumberField("t", session == null ? 0 : session.now());
                out.writeNumberField("id", id);
                out.writeFieldName("answer");
                assignors.assign(topics, out);
                out.writeEndObject();
                out.writeRaw('\n');
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    private Session open() {
        if (session == null) throw new BadInput("the first line must be a config");
        return session;
    }
}
