import { Events } from '../../../infra/monitor/events';
import { Metrics, type MetricsSources } from '../../../infra/monitor/metrics';

const sources: MetricsSources = {
  role: 'jobs',
  version: '1.0.0',
  commit: 'abc',
  eventLoop: () => ({ meanMs: 1, p99Ms: 2, maxMs: 3 }),
};

describe('the metrics', () => {
  test('count what became of tasks, by type', async () => {
    const events = new Events();
    const metrics = new Metrics(sources, events);
    events.emit('task.done', { taskType: 'buildReport', durationMs: 700 });
    events.emit('task.failed', { taskType: 'buildReport', durationMs: 10 });
    const text = await metrics.text();
    expect(text).toContain('tandem_tasks_total{task_type="buildReport",outcome="done",role="jobs"} 1');
    expect(text).toContain(
      'tandem_task_duration_seconds_bucket{le="1",role="jobs",task_type="buildReport",outcome="done"} 1',
    );
  });

  test('count why attempts failed, whether they are tried again or not', async () => {
    const events = new Events();
    const metrics = new Metrics(sources, events);
    events.emit('task.retry', { taskType: 'burn', outcome: 'crashed' });
    events.emit('task.failed', { taskType: 'burn', outcome: 'timedOut' });
    const text = await metrics.text();
    for (const cause of ['crashed', 'timedOut'])
      expect(text).toContain(`tandem_task_failures_total{task_type="burn",cause="${cause}",role="jobs"} 1`);
  });

  test('show queue, workers, schedules, link, event loop and memory', async () => {
    const text = await new Metrics(
      {
        ...sources,
        queue: async () => ({
          depth: [{ taskType: 'a', state: 'queued', count: 4 }],
          oldestSeconds: [{ taskType: 'a', seconds: 9 }],
        }),
        workers: () => ({ workers: 2, busy: 1, slots: 2, cpuMs: 1_500, processes: [{ rss: 40 }, { rss: 2 }] }),
        lastSuccesses: async () => [{ name: 'hourly', at: new Date(90_000) }],
        dispatch: () => ({ unwritten: 3, oldestUnwrittenMs: 2_500, claimFailure: 'no index' }),
        schedules: () => [{ name: 'hourly', nextAt: new Date(Date.now() + 5_000) }],
        linkUp: () => true,
      },
      new Events(),
    ).text();
    for (const line of [
      'tandem_queue_depth{task_type="a",state="queued",role="jobs"} 4',
      'tandem_queue_oldest_seconds{task_type="a",role="jobs"} 9',
      'tandem_workers{role="jobs"} 2',
      'tandem_worker_slots_busy{role="jobs"} 1',
      'tandem_workers_memory_bytes{role="jobs"} 42',
      'tandem_workers_cpu_seconds_total{role="jobs"} 1.5',
      'tandem_schedule_last_success_timestamp_seconds{schedule="hourly",role="jobs"} 90',
      'tandem_unwritten_ends{role="jobs"} 3',
      'tandem_unwritten_ends_oldest_seconds{role="jobs"} 2.5',
      'tandem_claims_failing{role="jobs"} 1',
      'tandem_schedule_next_seconds{schedule="hourly",role="jobs"}',
      'tandem_link_up{role="jobs"} 1',
      'tandem_event_loop_delay_seconds{figure="p99",role="jobs"} 0.002',
      'tandem_build_info{version="1.0.0",commit="abc",role="jobs"} 1',
      'process_resident_memory_bytes',
    ]) {
      expect(text).toContain(line);
    }
  });

  test('observe how long tasks waited, and count what workers used of the processor but once', async () => {
    const events = new Events();
    let cpuMs = 500;
    const workers = () => ({ workers: 1, busy: 0, slots: 1, cpuMs, processes: [] });
    const metrics = new Metrics({ ...sources, workers }, events);
    events.emit('task.started', { taskType: 'burn', waitMs: 700 });
    await metrics.text();
    cpuMs = 2_000;
    const text = await metrics.text();
    expect(text).toContain('tandem_task_wait_seconds_bucket{le="1",role="jobs",task_type="burn"} 1');
    expect(text).toContain('tandem_task_wait_seconds_sum{role="jobs",task_type="burn"} 0.7');
    expect(text).toContain('tandem_workers_cpu_seconds_total{role="jobs"} 2');
  });

  test('of a process that does not report show no figures that another one shows', async () => {
    const queue = async () => ({ depth: [{ taskType: 'a', state: 'queued', count: 4 }], oldestSeconds: [] });
    const lastSuccesses = async () => [{ name: 'hourly', at: new Date() }];
    const text = await new Metrics(
      { ...sources, queue, lastSuccesses, reports: async () => false },
      new Events(),
    ).text();
    expect(text).not.toContain('tandem_queue_depth{');
    expect(text).not.toContain('timestamp_seconds{schedule');
  });

  test.each([
    ['fails', () => Promise.reject(new Error('no database'))],
    ['is silent', () => new Promise<never>(() => {})],
  ])('answer a scrape when the queue %s', async (_, queue) => {
    expect(await new Metrics({ ...sources, queue }, new Events()).text()).toContain('tandem_build_info');
  });
});
