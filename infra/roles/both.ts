import type { Service } from '../app';
import { Metrics } from '../monitor/metrics';
import { appServices } from './app-services';
import { consoleOf } from './console';
import { doors } from './doors';
import { commonFigures } from './figures';
import { type Ground, groundServices } from './ground';
import { jobsParts } from './jobs';
import { queueOf } from './queue';

/** Both roles in one process, so that a plain `meteor run` does everything. Development only. */
export function bothRoles(ground: Ground): Service[] {
  const { services, isLink, figures } = jobsParts(ground);
  const metrics = new Metrics({ ...commonFigures(ground), ...figures }, ground.events);
  return [
    ...groundServices(ground),
    doors(ground, metrics, isLink),
    queueOf(ground),
    ...services,
    consoleOf(ground),
    ...appServices(ground, 'web', 'jobs'),
  ];
}
