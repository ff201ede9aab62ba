import { Meteor } from 'meteor/meteor';
import { WebApp } from 'meteor/webapp';
import type { App } from '../app';
import type { Settings } from '../settings';
import { bothRoles } from './both';
import { graceMs, isUnderMeteorTool } from './grace';
import { type Ground, prepareGround } from './ground';
import { jobsRole } from './jobs';
import { Services } from './service';
import { webRole } from './web';

const lists = { web: webRole, jobs: jobsRole, both: bothRoles };

/** This process in its role: starts its services, drains them when it is told to end. */
export class RoleProcess {
  private ground?: Ground;
  private services?: Services;
  private draining?: Promise<void>;

  constructor(
    private readonly app: App,
    private readonly settings: Settings,
  ) {}

  /**
   * Resolves when the role is ready, or drained where it is told to end meanwhile.
   *
   * @throws what keeps the role from starting.
   */
  async start(): Promise<void> {
    try {
      await this.doStart();
    } catch (error) {
      // What a drain takes away from a service that is just starting (the database) is no failure.
      if (!this.draining) throw error;
      await this.draining;
    }
  }

  private async doStart(): Promise<void> {
    const ground = await prepareGround(this.app, this.settings);
    const { events, health, role } = ground;
    this.ground = ground;
    this.services = new Services((service, error) => events.emit('service.failed', { service, error }));
    await this.services.startAll(lists[role](ground));
    if (this.draining) return;
    health.state = 'ready';
    events.emit('role.ready', { role, url: Meteor.absoluteUrl() });
  }

  /**
   * Stops claiming, finishes what can be finished, hands the rest back; resolves when all services have stopped or the
   * host's grace period is over. Twice is fine.
   */
  drain(signal: string): Promise<void> {
    this.draining ??= this.doDrain(signal);
    return this.draining;
  }

  private async doDrain(signal: string): Promise<void> {
    const { ground, services } = this;
    if (!ground || !services) return;
    if (isUnderMeteorTool()) WebApp.httpServer.close();
    ground.health.state = 'draining';
    ground.events.emit('role.draining', { signal });
    const inTime = await Promise.race([services.stopAll().then(() => true), after(graceMs(), false)]);
    if (inTime) ground.events.emit('role.stopped', {});
  }
}

function after<T>(ms: number, value: T): Promise<T> {
  return new Promise(resolve => {
    setTimeout(resolve, ms, value).unref();
  });
}
