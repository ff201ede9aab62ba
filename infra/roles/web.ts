import type { Service } from '../app';
import { jobs } from '../link';
import { Metrics } from '../monitor/metrics';
import { appServices } from './app-services';
import { consoleOf } from './console';
import { doors } from './doors';
import { commonFigures } from './figures';
import { type Ground, groundServices } from './ground';
import { linkToJobs } from './link';
import { queueOf } from './queue';

/** The web role: serves users. */
export function webRole(ground: Ground): Service[] {
  const metrics = new Metrics({ ...commonFigures(ground), linkUp: () => jobs.isUp() }, ground.events);
  return [
    ...groundServices(ground),
    doors(ground, metrics),
    queueOf(ground),
    linkToJobs(ground),
    consoleOf(ground),
    ...appServices(ground, 'web'),
  ];
}
