import { check, Match } from 'meteor/check';
import { DDPRateLimiter } from 'meteor/ddp-rate-limiter';
import { Meteor } from 'meteor/meteor';
import { plainError } from '../errors/plain-error';
import type { Emit } from '../monitor/events';
import { ThrottledLog } from '../timing/throttled-log';
import { drainingCode, isTimeout, type LiveState, wire } from './contract';
import { defineMethods } from './define-methods';
import { Handshake } from './handshake';

export interface LinkServerOptions {
  secret: string;
  emit: Emit;
  /**
   * Runs a task in memory.
   *
   * @throws an Error whose `code` is `refused` for a bad task type or payload, `draining` where it begins nothing any
   *   more, `timeout`, or anything for a failed run.
   */
  runInMemory(taskType: string, data: unknown, options: { timeoutMs: number; signal: AbortSignal }): Promise<unknown>;
  /** Starts a run of a schedule. @throws an Error with `code` `refused` for an unknown name, or `draining`. */
  runSchedule(name: string): Promise<void>;
  /** @throws an Error with `code` `refused` where there is no such worker. */
  recycleWorker(pid: number): Promise<void>;
  /** Drains this role, which then ends. */
  drain(): void;
  /** A role that drains begins nothing: who comes now is to look for another. */
  isDraining(): boolean;
  nudge(): void;
  live(): LiveState;
}

const refusalsSaidEveryMs = 10_000;
/** How many attempts a client gets to guess the secret. */
const loginAttempts = { count: 60, everyMs: 10_000 };

const Timeout = Match.Where(isTimeout);

/** The jobs role's end of the link: the handshake, and the methods and publications behind it. */
export class LinkServer {
  private readonly handshake: Handshake;
  private readonly running = new Map<string, Set<AbortController>>();
  private readonly refusals: ThrottledLog;

  constructor(private readonly options: LinkServerOptions) {
    this.handshake = new Handshake(options.secret);
    this.refusals = new ThrottledLog(refusalsSaidEveryMs, fields => options.emit('link.refused', fields));
  }

  async start(): Promise<void> {
    // From 3.5 on Meteor keeps a lost connection for a while, and any client that names it may resume it. Here that
    // client would be in without a proof, and its runs would go on for nobody. So each connection is new.
    Meteor.server.options.disconnectGracePeriod = 0;
    this.defineDoor();
    this.defineMethods();
    publishLive(this.handshake, this.options.live);
    Meteor.onConnection(({ id, onClose }) => onClose(() => this.forget(id)));
  }

  /** How many web roles are linked up. */
  get links(): number {
    return this.handshake.size;
  }

  /** Whether this DDP connection has proved itself. */
  isLink(connectionId: string): boolean {
    return this.handshake.isVerified(connectionId);
  }

  private defineDoor(): void {
    const { handshake } = this;
    const { isDraining } = this.options;
    const verify = (connection: Meteor.Connection, proof: unknown, question: unknown) =>
      this.verify(connection, proof, question);
    defineMethods({
      [wire.challenge](this: Meteor.MethodThisType) {
        if (isDraining()) throw new Meteor.Error(drainingCode, 'this jobs role is draining');
        return handshake.challenge(callerOf(this).id);
      },
      [wire.prove](this: Meteor.MethodThisType, proof: unknown, question: unknown) {
        check([proof, question], [String]);
        return verify(callerOf(this), proof, question);
      },
    });
    for (const name of [wire.challenge, wire.prove]) {
      DDPRateLimiter.addRule(
        { type: 'method', name, clientAddress: () => true },
        loginAttempts.count,
        loginAttempts.everyMs,
      );
    }
  }

  private verify(connection: Meteor.Connection, proof: unknown, question: unknown): string {
    const verdict = this.handshake.verify(connection.id, proof, question);
    if (verdict.verified) {
      this.options.emit('link.accepted', { address: connection.clientAddress });
      return verdict.proof;
    }
    this.refusals.log({ address: connection.clientAddress, reason: verdict.reason });
    throw new Meteor.Error('link-refused', verdict.reason);
  }

  private defineMethods(): void {
    const enter = (caller: Meteor.MethodThisType) => this.enter(caller);
    const run = (id: string, taskType: string, data: unknown, timeoutMs: number) =>
      this.run(id, taskType, data, timeoutMs);
    const { nudge, runSchedule, recycleWorker, drain } = this.options;
    defineMethods({
      async [wire.run](this: Meteor.MethodThisType, taskType: unknown, data: unknown, timeoutMs: unknown) {
        const id = enter(this);
        check(taskType, String);
        check(data, Match.Any);
        check(timeoutMs, Timeout);
        this.unblock();
        return run(id, taskType, data, timeoutMs as number);
      },
      async [wire.runSchedule](this: Meteor.MethodThisType, name: unknown) {
        enter(this);
        check(name, String);
        await runSchedule(name).catch(error => Promise.reject(toClientError(error)));
      },
      async [wire.recycleWorker](this: Meteor.MethodThisType, pid: unknown) {
        enter(this);
        check(pid, Match.Integer);
        await recycleWorker(pid as number).catch(error => Promise.reject(toClientError(error)));
      },
      [wire.drain](this: Meteor.MethodThisType) {
        enter(this);
        drain();
      },
      [wire.nudge](this: Meteor.MethodThisType) {
        enter(this);
        nudge();
      },
    });
  }

  /** @returns the id of the caller's connection. @throws if it is not the link. */
  private enter(caller: Meteor.MethodThisType): string {
    const { id } = callerOf(caller);
    if (!this.handshake.isVerified(id)) throw notTheLink();
    return id;
  }

  private async run(connectionId: string, taskType: string, data: unknown, timeoutMs: number): Promise<unknown> {
    const controller = new AbortController();
    const runs = this.running.get(connectionId) ?? new Set();
    this.running.set(connectionId, runs.add(controller));
    try {
      return await this.options.runInMemory(taskType, data, { timeoutMs, signal: controller.signal });
    } catch (error) {
      throw toClientError(error);
    } finally {
      runs.delete(controller);
    }
  }

  /** Aborts runs whose results nobody waits for any more. */
  private forget(connectionId: string): void {
    this.handshake.forget(connectionId);
    for (const controller of this.running.get(connectionId) ?? []) controller.abort();
    this.running.delete(connectionId);
  }
}

const everyMs = 1_000;

/** `link.live`: the state of this jobs role, each second, for its web roles. */
function publishLive(handshake: Handshake, live: () => LiveState): void {
  Meteor.publish(wire.live, function () {
    if (!handshake.isVerified(this.connection.id)) throw notTheLink();
    const { _id, ...first } = live();
    this.added(wire.liveCollection, _id, first);
    const timer = Meteor.setInterval(() => {
      const { _id: _, ...fields } = live();
      this.changed(wire.liveCollection, _id, fields);
    }, everyMs);
    this.onStop(() => Meteor.clearInterval(timer));
    this.ready();
  });
}

/** @throws for a call from this process's own code. */
function callerOf({ connection }: Meteor.MethodThisType): Meteor.Connection {
  if (!connection) throw new Meteor.Error('link-refused', 'only a connection can be the link');
  return connection;
}

const notTheLink = () => new Meteor.Error('link-required', 'only the link between the roles may ask for this');

/** The other side is our own web role: it may see the reason. */
function toClientError(error: unknown): Meteor.Error {
  const { name, message } = plainError(error);
  return new Meteor.Error(codeOf(error), message, name);
}

function codeOf(error: unknown): string {
  try {
    const { code } = error as { code?: unknown };
    return typeof code === 'string' ? code : 'failed';
  } catch {
    return 'failed';
  }
}
