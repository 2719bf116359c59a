package groupsim.harness;

import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** Who sends a request, as far as the coordinator asks: the version, the client id and the address. */
record ClientContext(int requestType, int requestVersion, String clientId, InetAddress clientAddress)
    implements AuthorizableRequestContext {

    /** Only literal addresses: anything else would ask a name server. */
    private static final Pattern LITERAL_ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*");

    /** Reads an address in the form in which Kafka shows it, "/10.0.0.1". */
    static InetAddress address(String host) {
        String literal = host.startsWith("/") ? host.substring(1) : host;
        try {
            if (LITERAL_ADDRESS.matcher(literal).matches()) return InetAddress.getByName(literal);
        } catch (UnknownHostException malformed) {
            // Reported below, like any other text that is no address.
        }
        throw new BadInput("client_host must be an IP address such as /10.0.0.1");
    }

    @Override
    public String listenerName() {
        return "PLAINTEXT";
    }

    @Override
    public SecurityProtocol securityProtocol() {
        return SecurityProtocol.PLAINTEXT;
    }

    @Override
    public KafkaPrincipal principal() {
        return KafkaPrincipal.ANONYMOUS;
    }

    @Override
    public int correlationId() {
        return 0;
    }
}
