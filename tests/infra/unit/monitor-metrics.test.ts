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
        workers: () => ({ workers: 2, busy: 1, slots: 2 }),
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

  test.each([
    ['fails', () => Promise.reject(new Error('no database'))],
    ['is silent', () => new Promise<never>(() => {})],
  ])('answer a scrape when the queue %s', async (_, queue) => {
    expect(await new Metrics({ ...sources, queue }, new Events()).text()).toContain('tandem_build_info');
  });
});
