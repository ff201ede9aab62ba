import { type DdpMessage, parseDDP, SUPPORTED_DDP_VERSIONS, stringifyDDP } from '../shared/ddp-message';
import type { ConnectionOptions } from './connection-options';
import { IncomingData } from './incoming-data';
import type { MethodCall } from './method-call';
import { MethodQueue } from './method-queue';
import type { Platform } from './socket';
import { Stream } from './stream';
import { Subscriptions } from './subscriptions';

/**
 * The conversation on the wire: opens a session on each new socket, sends calls and subscriptions, and dispatches
 * answers.
 */
export class Session {
  readonly stream: Stream;
  readonly methods = new MethodQueue(call => this.sendCall(call));
  readonly subscriptions: Subscriptions;
  readonly data: IncomingData;
  private readonly heartbeat: Heartbeat;
  private readonly handlers: Record<string, (message: DdpMessage) => void> = {
    connected: message => this.connected(message),
    failed: message => this.negotiate(String(message.version)),
    ping: ({ id }) => this.send(id === undefined ? { msg: 'pong' } : { msg: 'pong', id }),
    added: message => this.data.receive(message),
    changed: message => this.data.receive(message),
    removed: message => this.data.receive(message),
    ready: message => this.data.receive(message),
    updated: message => this.data.receive(message),
    nosub: message => this.endSubscription(message),
    result: message => this.takeResult(message),
    error: ({ reason, offendingMessage = '' }) =>
      console.error('Received error from server:', reason, offendingMessage),
  };
  private id: string | undefined;
  private version = SUPPORTED_DDP_VERSIONS[0]!;

  /**
   * @param beforeResend runs on each new socket; the calls it makes go out before those that are sent again
   * @throws when `url` is not the url of a site
   */
  constructor(
    url: string,
    platform: Platform,
    private readonly options: ConnectionOptions,
    private readonly beforeResend: () => void,
  ) {
    this.subscriptions = new Subscriptions(message => this.send(message), platform.bind);
    this.data = new IncomingData(options, {
      ready: id => this.subscriptions.becameReady(id),
      updated: id => this.methods.dataVisible(id),
    });
    this.stream = new Stream(url, platform, options, {
      reset: () => this.open(),
      message: text => this.receiveText(text),
      disconnect: () => this.lostSocket(),
    });
    this.heartbeat = new Heartbeat(
      options.heartbeatInterval,
      options.heartbeatTimeout,
      () => this.send({ msg: 'ping' }),
      () => this.stream.lost({ error: 'DDP heartbeat timed out' }),
    );
    this.stream.start();
  }

  private send(message: DdpMessage): void {
    this.stream.send(stringifyDDP(message));
  }

  private sendCall(call: MethodCall): void {
    if (call.options.wait) this.data.awaitMethod(call.id);
    call.send(message => this.send(message));
  }

  private open(): void {
    const earlier = this.id ? { session: this.id } : {};
    this.send({ msg: 'connect', ...earlier, version: this.version, support: SUPPORTED_DDP_VERSIONS });
    // Sent before the answer has come, to save a round trip; the server handles them in order.
    this.methods.sendAgain(this.beforeResend);
    this.subscriptions.sendAll();
  }

  private lostSocket(): void {
    this.heartbeat.stop();
    // The data of this session goes in before that of the next one, which replaces it.
    this.data.settle();
  }

  private receiveText(text: string): void {
    this.beat();
    try {
      const message = parseDDP(text);
      // Unknown messages are ignored: they belong to a newer protocol.
      if (message?.msg && Object.hasOwn(this.handlers, message.msg)) this.handlers[message.msg]!(message);
    } catch (error) {
      console.error('Exception while handling a DDP message', error);
    }
  }

  /** Any message shows that the server is alive. */
  private beat(): void {
    if (this.id && this.options.heartbeatInterval > 0) this.heartbeat.start();
  }

  private endSubscription(message: DdpMessage): void {
    this.data.receive(message);
    this.subscriptions.ended(message);
  }

  private takeResult(message: DdpMessage): void {
    this.data.settle();
    this.methods.receive(message);
  }

  private connected(message: DdpMessage): void {
    const isFirst = this.id === undefined;
    this.id = String(message.session);
    this.beat();
    const methods = isFirst ? [] : this.methods.underWay().map(({ id }) => id);
    const halfDone = this.methods.halfDone().map(call => () => call.dataVisible());
    this.data.newSession({ subscriptions: this.subscriptions.readyIds(), methods }, halfDone);
    this.options.onConnected();
  }

  private negotiate(version: string): void {
    if (SUPPORTED_DDP_VERSIONS.includes(version)) {
      this.version = version;
      this.stream.reconnect({ _force: true });
      return;
    }
    const description = `DDP version negotiation failed; server requested version ${version}`;
    this.stream.disconnect({ _permanent: true, _error: description });
    this.options.onDDPVersionNegotiationFailure(description);
  }
}

/** Pings after silence, and calls back when no answer comes. */
class Heartbeat {
  private timer: NodeJS.Timeout | undefined;

  /** @param intervalMs silence before a ping; @param timeoutMs silence after it before `onTimeout` */
  constructor(
    private readonly intervalMs: number,
    private readonly timeoutMs: number,
    private readonly sendPing: () => void,
    private readonly onTimeout: () => void,
  ) {}

  /** Starts the timer again; every message that arrives does so. */
  start(): void {
    this.stop();
    this.timer = setTimeout(() => this.ping(), this.intervalMs);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private ping(): void {
    this.timer = setTimeout(this.onTimeout, this.timeoutMs);
    this.sendPing();
  }
}
