import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { eventually } from '../support/eventually';
import { ForeignClient } from '../support/foreign-ddp';
import { startRoles, type TestRoles } from '../support/roles';

const describeHere = process.env.E2E_WEB_URL ? describe.skip : describe;

/** Keeps a worker busy for so many seconds. */
async function burn(roles: TestRoles, seconds: number): Promise<void> {
  const client = await ForeignClient.open(roles.webUrl);
  await client.enter();
  await client.call('burn.start', { seconds, tasks: 1 });
  const health = async () => (await (await fetch(`${roles.jobsUrl}/healthz`)).json()) as { workers: { busy: number } };
  await eventually(async () => (await health()).workers.busy > 0);
  client.close();
}

const post = (url: string, headers: OutgoingHttpHeaders) => httpRequest(url, { method: 'POST', headers });

describeHere('a role that is told to end', () => {
  it('answers 503 while it drains, finishes its task, and ends with 0', async () => {
    const roles = await startRoles();
    await burn(roles, 2);
    roles.jobs!.signal('SIGTERM');
    await eventually(async () => (await fetch(`${roles.jobsUrl}/healthz`)).status === 503);
    expect(await roles.jobs!.ended).toBe(0);
    expect(roles.jobs!.output).toMatch(/burn:\S+ done/);
    roles.web!.signal('SIGTERM');
    expect(await roles.web!.ended).toBe(0);
    await roles.stop();
  });

  it('lets an upload that is under way come to its end', async () => {
    const roles = await startRoles({ jobs: false });
    const body = '--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\nno photo\r\n--b--\r\n';
    const request = post(`${roles.webUrl}/upload/pictures`, {
      'Content-Type': 'multipart/form-data; boundary=b',
      'Content-Length': body.length,
      Cookie: `visitor=${'a'.repeat(64)}`,
    });
    const answer = once(request, 'response');
    request.write(body.slice(0, 60));
    await eventually(() => request.socket?.bytesWritten);
    roles.web!.signal('SIGTERM');
    await roles.web!.says(/draining/);
    request.end(body.slice(60));
    const [response] = (await answer) as [IncomingMessage];
    expect(response.statusCode).toBeGreaterThanOrEqual(200);
    response.resume();
    expect(await roles.web!.ended).toBe(0);
    await roles.stop();
  });

  it('hands back what does not end inside the grace period', async () => {
    const roles = await startRoles({ env: { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '2' } });
    await burn(roles, 20);
    const before = Date.now();
    roles.jobs!.signal('SIGTERM');
    expect(await roles.jobs!.ended).toBe(0);
    expect(Date.now() - before).toBeLessThan(4_000);
    const health = (await (await fetch(`${roles.webUrl}/healthz`)).json()) as { queue: Record<string, number> };
    expect(health.queue).toMatchObject({ queued: 1, running: 0, failed: 0 });
    await roles.stop();
  });

  it('ends at once at a second Ctrl-C', async () => {
    const roles = await startRoles({ web: true });
    await burn(roles, 20);
    roles.jobs!.signal('SIGINT');
    await roles.jobs!.says(/draining/);
    roles.jobs!.signal('SIGINT');
    expect(await roles.jobs!.ended).toBe(130);
    await roles.stop();
  });
});

describeHere('a process without runJobs', () => {
  it('is both roles at once in development', async () => {
    const roles = await startRoles({ jobs: false, settings: { web: { runJobs: null, queue: { heartbeatMs: 500 } } } });
    const client = await ForeignClient.open(roles.webUrl);
    await client.enter();
    await client.call('burn.start', { seconds: 0.2, tasks: 2 });
    const done = async () => {
      const health = (await (await fetch(`${roles.webUrl}/healthz`)).json()) as {
        queue: { done: number };
        role: string;
      };
      return health.role === 'both' && health.queue.done === 2;
    };
    await eventually(done);
    client.close();
    await roles.stop();
  });

  it('a jobs role with workers off schedules and runs no task', async () => {
    const roles = await startRoles({ settings: { jobs: { workers: { enabled: false } } } });
    const client = await ForeignClient.open(roles.webUrl);
    await client.enter();
    await client.call('burn.start', { seconds: 0.2, tasks: 1 });
    const health = (await (await fetch(`${roles.jobsUrl}/healthz`)).json()) as object;
    expect(health).toMatchObject({ workers: { enabled: false, workers: 0 }, queue: { queued: 1 } });
    expect(roles.jobs!.output).toContain('Scheduled "');
    client.close();
    await roles.stop();
  });
});
