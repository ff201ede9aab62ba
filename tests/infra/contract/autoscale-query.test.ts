import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { TestQueue } from '../../support/queue';
import { root } from '../../support/run';

interface ScaledObject {
  spec: { triggers?: { type: string; metadata: { query: string } }[] };
}

test('the query of an autoscaler reads what is queued from an index, and none of the other tasks', async () => {
  const file = readFileSync(join(root, 'docs/kubernetes/autoscale-without-prometheus.yaml'), 'utf8');
  const triggers = parseAllDocuments(file).flatMap(one => (one.toJS() as ScaledObject).spec.triggers ?? []);
  const query = JSON.parse(triggers.find(({ type }) => type === 'mongodb')!.metadata.query);
  const opened = await TestQueue.open();
  try {
    const { collection } = opened.queue.core.store;
    await opened.queue.addTasks(Array.from({ length: 100 }, () => ({ taskType: 'ping' }) as const));
    await collection.updateMany({}, { $set: { state: 'done' } });
    await opened.queue.addTasks([{ taskType: 'ping' }, { taskType: 'patient' }] as const);
    // KEDA counts by CountDocuments.
    const plan = await collection.aggregate([{ $match: query }, { $group: { _id: 1, n: { $sum: 1 } } }]).explain();
    expect(JSON.stringify(plan)).toContain('"indexName":"claim"');
    expect(JSON.stringify(plan)).not.toContain('COLLSCAN');
    expect(await collection.countDocuments(query)).toBe(2);
    const careless = await collection.find({ state: 'queued' }).explain();
    expect(JSON.stringify(careless)).toContain('COLLSCAN');
  } finally {
    await opened.close();
  }
});
