import { setTimeout as wait } from 'node:timers/promises';
import type { Outcome, Play, Scenario } from '../scenario';
import { FaultProxy } from '../stage/fault-proxy';
import { urlAt } from '../stage/mongo-server';
import type { Stage } from '../stage/stage';
import { whileAdding } from './kills';
import { concluded, openStage } from './with-stage';

/** Roles and adders reach the database by a proxy only; the witness looks past it. */
async function behindProxy(play: Play, fault: (proxy: FaultProxy, stage: Stage) => Promise<void>): Promise<Outcome> {
  const { stage, mongo } = await openStage(play);
  const proxy = await FaultProxy.open(mongo.port);
  play.onClose(() => proxy.goAway());
  const mongoUrl = urlAt(proxy.port);
  const small = play.size === 'small';
  for (let nth = 0; nth < (small ? 1 : 2); nth++) await stage.startRole({ mongoUrl });
  const adders = [
    stage.startAdder({ mongoUrl, calls: small ? 30 : 200, everyMs: 50 }),
    stage.startAdder({ mongoUrl, calls: small ? 15 : 100, everyMs: 100, mix: 'large' }),
  ];
  for (const adder of adders) await adder.says(/adder is ready/);
  let faults = 0;
  await whileAdding(stage, async () => {
    await stage.untilBusy(stage.random.of(stage.roles));
    await fault(proxy, stage);
    faults += 1;
  });
  proxy.mend();
  await proxy.comeBack();
  return concluded(stage, `${faults} faults of the network`);
}

export const proxyCuts: Scenario = {
  name: 'proxy-cuts',
  about: 'all connections to the database break, again and again',
  limitMs: 240_000,
  play: play =>
    behindProxy(play, async (proxy, { random }) => {
      await wait(random.between(300, 2_000));
      proxy.cut();
    }),
};

export const proxySwallows: Scenario = {
  name: 'proxy-swallows',
  about: 'connections stay open and nothing comes through, for 1 to 12 s',
  limitMs: 300_000,
  play: play =>
    behindProxy(play, async (proxy, { random }) => {
      await wait(random.between(500, 2_000));
      proxy.swallow();
      await wait(random.between(1_000, play.size === 'small' ? 5_000 : 12_000));
      proxy.mend();
    }),
};

export const proxyFreezes: Scenario = {
  name: 'proxy-freezes',
  about: 'the connections that are open go silent for good, as behind a firewall that has forgotten them',
  limitMs: 300_000,
  play: play =>
    behindProxy(play, async (proxy, { random }) => {
      await wait(random.between(2_000, 5_000));
      proxy.freeze();
    }),
};

export const proxyDelays: Scenario = {
  name: 'proxy-delays',
  about: 'everything takes 50 to 800 ms more, in each direction',
  limitMs: 300_000,
  play: play =>
    behindProxy(play, async (proxy, { random }) => {
      proxy.delay(random.between(50, 800));
      await wait(random.between(1_000, 3_000));
    }),
};

export const proxyGone: Scenario = {
  name: 'proxy-gone-40s',
  about: 'the database cannot be reached at all for 40 s',
  limitMs: 300_000,
  async play(play) {
    let gone = false;
    return behindProxy(play, async proxy => {
      await wait(500);
      if (gone) return;
      gone = true;
      await proxy.goAway();
      await wait(play.size === 'small' ? 6_000 : 40_000);
      await proxy.comeBack();
    });
  },
};
