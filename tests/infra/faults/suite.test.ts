import { playScenario } from './scenario';
import { scenarios } from './scenarios';

/** A small part of `npm run test:faults`, with fixed seeds: the rest is played there. */
const played = ['kill-workers', 'kill-jobs-roles', 'kill-mongod-while-stopped', 'proxy-swallows', 'race-ids'];

test.each(played)(
  '%s: nothing acknowledged is lost, and no two owners are valid at once',
  async name => {
    const scenario = scenarios.find(one => one.name === name);
    const { verdict, problems, evidence } = await playScenario(scenario!, 1, 'small');
    if (verdict !== 'PASS') console.log(evidence.slice(-4_000));
    expect({ verdict, problems }).toEqual({ verdict: 'PASS', problems: [] });
  },
  180_000,
);
