package groupsim.harness;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/** Reads commands from stdin and writes answers to stdout, one JSON object a line, until stdin ends. */
public final class Main {
    private Main() {
    }

    public static void main(String[] args) throws IOException {
        SeededRandom.install();
        ObjectMapper json = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (JsonGenerator out = json.createGenerator(new FileOutputStream(FileDescriptor.out))) {
            // Every object is followed by its own line feed, hence nothing between objects.
            out.setPrettyPrinter(new MinimalPrettyPrinter(""));
            Commands commands = new Commands(out);
            long number = 0;
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                number++;
                String error = carryOut(commands, json, line);
                finish(commands.session(), number, error, out);
            }
        }
    }

    /** Returns what was wrong with the line, or null. */
    private static String carryOut(Commands commands, ObjectMapper json, String line) {
        try {
            JsonNode node = json.readTree(line);
            commands.carryOut(node);
            return null;
        } catch (JsonProcessingException e) {
            return "not JSON: " + e.getOriginalMessage();
        } catch (BadInput e) {
            return e.getMessage();
        } catch (RuntimeException e) {
            // The coordinator turns its own failures into answers, so this one is a defect of the harness: say so loudly,
            // and leave it to the reader to go on or to stop.
            e.printStackTrace();
            return "harness failed: " + e;
        }
    }

    private static void finish(Session session, long number, String error, JsonGenerator out) throws IOException {
        if (session != null) session.flush();
        if (error != null) {
            out.writeStartObject();
            out.writeStringField("error", error);
            out.writeEndObject();
            out.writeRaw('\n');
        }
        OptionalLong next = session == null ? OptionalLong.empty() : session.nextTimer();
        out.writeStartObject();
        out.writeNumberField("t", session == null ? 0 : session.now());
        out.writeNumberField("done", number);
        out.writeFieldName("next");
        if (next.isPresent()) {
            out.writeNumber(next.getAsLong());
        } else {
            out.writeNull();
        }
        out.writeEndObject();
        out.writeRaw('\n');
        out.flush();
    }
}
