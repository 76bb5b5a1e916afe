/** How every plugin starts, and ends: a gRPC server on a port of the loopback that the engine reads from stdout. */
import * as grpc from "@grpc/grpc-js";

/** The engine sends whole states in one message; its own plugins allow this much. */
const LARGEST_MESSAGE = 400 * 1024 * 1024;
const ORPHAN_CHECK_MILLISECONDS = 2000;

/** The first argument that is no flag: the address at which the engine listens. */
export function engineAddress(argv: readonly string[]): string | undefined {
  return argv.slice(2).find((argument) => !argument.startsWith("-"));
}

/**
 * Serves one gRPC service until the engine ends this process.
 *
 * @param onOrphaned - called before the exit when the engine died without saying so
 */
export async function servePlugin(
  service: grpc.ServiceDefinition,
  handlers: grpc.UntypedServiceImplementation,
  onOrphaned: () => void = () => undefined,
): Promise<void> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": LARGEST_MESSAGE,
    "grpc.max_send_message_length": LARGEST_MESSAGE,
  });
  server.addService(service, handlers);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  // The engine waits for this line, and for nothing before it.
  process.stdout.write(`${port}\n`);

  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) {
      onOrphaned();
      process.exit(1);
    }
  }, ORPHAN_CHECK_MILLISECONDS).unref();
}

/** A gRPC error whose text is shown to the person who ran `pulumi`. */
export function failure(error: unknown, code: grpc.status = grpc.status.UNKNOWN): grpc.ServiceError {
  const message = error instanceof Error ? error.message : String(error);
  return Object.assign(new Error(message), { code, details: message, metadata: new grpc.Metadata() });
}
