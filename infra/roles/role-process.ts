import { Meteor } from 'meteor/meteor';
import { WebApp } from 'meteor/webapp';
import type { App } from '../app';
import type { Settings } from '../settings';
import { flushSpans } from '../tracing/tracing';
import { type AppContext, createContext } from './app-context';
import { graceMs, isUnderMeteorTool } from './environment';
import { Services } from './service';
import { servicesOf } from './services';

/** This process in its role: starts its services, and drains them when it must end. */
export class RoleProcess {
  private context?: AppContext;
  private services?: Services;
  private draining?: Promise<void>;

  constructor(
    private readonly app: App,
    private readonly settings: Settings,
  ) {}

  /**
   * Resolves when the role is ready, or drained if it must end meanwhile.
   *
   * @throws the error that keeps the role from starting.
   */
  async start(): Promise<void> {
    try {
      await this.doStart();
    } catch (error) {
      // It is no failure if the drain stops something (the database) under a service that is starting.
      if (this.draining) return this.draining;
      await this.stopServices({ failed: true });
      throw error;
    }
  }

  private async doStart(): Promise<void> {
    const context = createContext(this.app, this.settings);
    const { events, health, role } = context;
    this.context = context;
    this.services = new Services((service, error) => events.emit('service.failed', { service, error }));
    await this.services.startAll(servicesOf(context, () => void this.end()));
    if (this.draining) return;
    health.state = 'ready';
    events.emit('role.ready', { role, url: Meteor.absoluteUrl() });
  }

  /**
   * Drains, then ends this process. Twice is fine.
   *
   * @param signal what the host has sent; none where an operator has asked for it.
   */
  async end(signal?: string): Promise<void> {
    await this.drain(signal);
    await flushSpans();
    process.exit(0);
  }

  /**
   * Stops claiming, finishes what can be finished, hands the rest back; resolves when all services have stopped or the
   * host's grace period is over. Twice is fine.
   */
  private drain(signal: string | undefined): Promise<void> {
    this.draining ??= this.doDrain(signal);
    return this.draining;
  }

  private async doDrain(signal: string | undefined): Promise<void> {
    if (this.services && isUnderMeteorTool()) WebApp.httpServer.close();
    const inTime = await this.stopServices(signal === undefined ? {} : { signal });
    if (inTime) this.context?.events.emit('role.stopped', {});
  }

  /**
   * One that does not stop holds up the end for no longer than the host's grace period.
   *
   * @param why for the log.
   * @returns whether all have stopped.
   */
  private async stopServices(why: { signal?: string; failed?: true }): Promise<boolean> {
    const { context, services } = this;
    if (!context || !services) return false;
    context.health.state = 'draining';
    context.events.emit('role.draining', why);
    return Promise.race([services.stopAll().then(() => true), after(graceMs(), false)]);
  }
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise(resolve => {
    setTimeout(resolve, ms, value); // it keeps the process alive, for whoever waits ends it
  });
}
