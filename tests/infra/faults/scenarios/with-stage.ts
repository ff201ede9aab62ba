import type { Evidence } from '../evidence/checker';
import type { Outcome, Play } from '../scenario';
import { MongoServer } from '../stage/mongo-server';
import { Stage, type StageDatabase, theMongod } from '../stage/stage';

/** A stage with a mongod of its own, closed at the end of the scenario. */
export async function openStage(play: Play): Promise<{ stage: Stage; mongo: MongoServer }> {
  const mongo = await MongoServer.start(await theMongod());
  return { mongo, stage: await stageOn(play, mongo) };
}

/** A stage on a database that the scenario brings. */
export async function stageOn(play: Play, database: StageDatabase, witnessed = true): Promise<Stage> {
  play.onClose(() => database.stop());
  const stage = await Stage.open(play.seed, database, { witnessed });
  play.onClose(() => stage.close());
  play.evidence(() => stage.outputs());
  return stage;
}

/** The end of most scenarios: all that was added has ended, and the checker has nothing to say. */
export async function concluded(stage: Stage, words: string, more: Partial<Evidence> = {}): Promise<Outcome> {
  await stage.untilAdded();
  await stage.untilSettled();
  return verdictOf(stage, words, more);
}

async function verdictOf(stage: Stage, words: string, more: Partial<Evidence> = {}): Promise<Outcome> {
  const { problems, figures } = await stage.verdict(more);
  const { acknowledged, attempts, void: late, handedBack, longestCallMs, longestDelayMs } = figures;
  const nothing = acknowledged === 0 ? ['nothing was added: the scenario has shown nothing'] : [];
  const delay = more.longestDelayMs === undefined ? '' : `begun up to ${Math.round(longestDelayMs)} ms late`;
  const counted = [
    `${acknowledged} tasks`,
    `${attempts} attempts`,
    `${late} void`,
    `${handedBack} handed back`,
    `calls of up to ${longestCallMs} ms`,
    delay,
    words,
  ];
  return { problems: [...nothing, ...problems], figures: counted.filter(Boolean).join(', ') };
}
