/** Lines sent to the engine while an operation runs, so that the person sees what happens. */
import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Where a resource's progress goes. */
export interface ResourceLog {
  info(message: string): void;
  warning(message: string): void;
  /** Shown beside the resource while it runs, and not kept. */
  status(message: string): void;
  /** Resolves when the engine has taken all lines so far. */
  flushed(): Promise<void>;
}

/** Connects resource logs to the engine that started this plugin. */
export class EngineLog {
  private client?: EngineClient;

  constructor(address?: string) {
    this.attach(address);
  }

  /** Sends all later lines to the engine at this address. */
  attach(address: string | undefined): void {
    this.client = address ? new EngineClient(address, grpc.credentials.createInsecure()) : undefined;
  }

  /** The log of one resource. */
  forResource(urn: string): ResourceLog {
    // One line after the other: concurrent calls may overtake each other.
    let last: Promise<void> = Promise.resolve();
    const send = (severity: LogSeverity, message: string, ephemeral = false): void => {
      last = last.then(() => this.send(urn, severity, message, ephemeral));
    };
    return {
      info: (message) => send(LogSeverity.INFO, message),
      warning: (message) => send(LogSeverity.WARNING, message),
      status: (message) => send(LogSeverity.INFO, message, true),
      flushed: () => last,
    };
  }

  private send(urn: string, severity: LogSeverity, message: string, ephemeral: boolean): Promise<void> {
    const client = this.client;
    if (!client) {
      return Promise.resolve();
    }
    const request = new LogRequest();
    request.setUrn(urn);
    request.setSeverity(severity);
    request.setMessage(message);
    request.setEphemeral(ephemeral);
    // A line that is lost must not fail the operation that it tells of.
    return new Promise((resolve) => client.log(request, () => resolve()));
  }
}
