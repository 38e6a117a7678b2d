import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Refusals of every size, as grpc-java receives them over Netty by its defaults, straight from the server and through a proxy.
 *
 * <p>Arguments: the folder that with_grpcio.py has filled, then the addresses.
 */
public class Refusals {
  private static final int TIMES = 5;

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException error) {
            throw new IllegalStateException(error);
          }
        }
      };

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER), "r".repeat(64));
    int wrong = 0;
    int calls = 0;
    for (int at = 1; at < arguments.length; at++) {
      ManagedChannel plain = NettyChannelBuilder.forTarget("dns:///" + arguments[at]).usePlaintext().build();
      Channel channel = ClientInterceptors.intercept(plain, MetadataUtils.newAttachHeadersInterceptor(headers));
      for (String line : Files.readAllLines(folder.resolve("cases.tsv"))) {
        String[] expected = line.split("\t", -1);
        byte[] request = Files.readAllBytes(folder.resolve(expected[0]));
        for (int time = 0; time < TIMES; time++) {
          calls++;
          String found = judge(channel, expected, request);
          if (found != null) {
            wrong++;
            System.out.println("  wrong: " + arguments[at] + " " + expected[0] + ": " + found);
            break;
          }
        }
      }
      plain.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
    System.out.println("  " + calls + " calls");
    System.exit(wrong == 0 && calls > 0 ? 0 : 1);
  }

  /** Makes one call; what is wrong with what came of it, or null. */
  private static String judge(Channel channel, String[] expected, byte[] request) throws Exception {
    MethodDescriptor<byte[], byte[]> method =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(expected[1].substring(1))
            .setRequestMarshaller(BYTES)
            .setResponseMarshaller(BYTES)
            .build();
    try {
      CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS);
      ClientCalls.blockingUnaryCall(channel, method, options, request);
      return "it was not refused";
    } catch (StatusRuntimeException error) {
      if (!error.getStatus().getCode().name().equals(expected[2])) {
        return error.getStatus().toString();
      }
      com.google.rpc.Status status = StatusProto.fromThrowable(error);
      for (Any detail : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          String violations = info.getMetadataOrDefault("violations", "");
          boolean counted = expected[4].isEmpty() || violations.equals(expected[4]);
          return info.getReason().equals(expected[3]) && counted ? null : info.toString();
        }
      }
      return "no ErrorInfo";
    }
  }
}
