import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Scenario } from '../scenario';
import { MongoServer, untilWritable } from '../stage/mongo-server';
import { SmallDisk } from '../stage/small-disk';
import { theMongod } from '../stage/stage';
import { concluded, stageOn } from './with-stage';

/** What mongod writes before its first document: two journal files of 100 MB each, and some. */
const diskMegabytes = 700;

export const fullDisk: Scenario = {
  name: 'full-disk',
  about: 'the disk of the database is full until mongod dies of it; then there is room again',
  limitMs: 300_000,
  async play(play) {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-faults-disk-'));
    play.onClose(() => rm(folder, { recursive: true, force: true }));
    const disk = await SmallDisk.mount(folder, diskMegabytes);
    play.onClose(() => disk.unmount());
    const mongo = await MongoServer.start(await theMongod(), join(folder, 'db'));
    const stage = await stageOn(play, mongo);
    await stage.startRole();
    stage.startAdder({ calls: play.size === 'small' ? 60 : 200, batch: 4, everyMs: 100, mix: 'large' });
    await wait(2_000);
    stage.note('the disk is full');
    await disk.fill();
    const died = await Promise.race([mongo.untilDead(), wait(play.size === 'small' ? 15_000 : 40_000, false)]);
    await disk.free();
    stage.noteKillOfDatabase();
    await mongo.kill();
    await mongo.restart();
    await untilWritable(mongo.url);
    return concluded(stage, died === false ? 'mongod lived on with a full disk' : 'mongod died of it');
  },
};
