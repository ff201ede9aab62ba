import { once } from 'node:events';
import { BuiltProgram } from '../../support/built-program';
import type { Answer } from '../../support/programs/unique-adder';
import { TestQueue } from '../../support/queue';

test('eight processes that add at once come to one task for each key', async () => {
  const t = await TestQueue.open();
  const program = await BuiltProgram.build('unique-adder');
  const adders = Array.from({ length: 8 }, () => program.start({ MONGO_URL: t.database.url }));
  try {
    await Promise.all(adders.map(adder => once(adder, 'message', { signal: AbortSignal.timeout(40_000) })));
    const answers = adders.map(async adder => {
      const answer = once(adder, 'message', { signal: AbortSignal.timeout(40_000) });
      adder.send('go');
      return (await answer)[0] as Answer;
    });
    const all = await Promise.all(answers);
    for (const on of ['keep', 'replace', 'refuse']) {
      const ids = new Set(all.flatMap(answer => answer[on]!.ids));
      const there = (await t.queue.find({ 'unique.key': `ping/${on}` }).fetchAsync()).map(({ _id }) => _id);
      expect([...ids]).toEqual(there);
      expect(there).toHaveLength(1);
      expect(all.reduce((sum, answer) => sum + answer[on]!.refused, 0)).toBe(on === 'refuse' ? 79 : 0);
    }
    expect(await t.queue.find().countAsync()).toBe(3);
  } finally {
    await program.remove();
    await t.close();
  }
}, 60_000);
