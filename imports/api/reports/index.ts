import type { ApiPart } from '../part';
import { Reports } from './collection';
import { defineReportMethods } from './methods';
import { publishReports } from './publications';

export const reports: ApiPart<'reports'> = {
  limits: {
    'reports.build': [10, 10_000],
    'reports.cancel': [20, 10_000],
    'reports.retry': [20, 10_000],
    'reports.remove': [40, 10_000],
  },
  publications: ['reports.mine'],
  async ensureIndexes() {
    await Reports.createIndexAsync({ owner: 1, createdAt: -1 });
    await Reports.createIndexAsync({ createdAt: -1 });
  },
  async start(files) {
    defineReportMethods(files);
    publishReports();
  },
};

declare module '../contract' {
  interface Methods {
    /** Gives the report's id. */
    'reports.build': (order: { rows: number }) => string;
    'reports.cancel': (id: string) => undefined;
    'reports.retry': (id: string) => undefined;
    'reports.remove': (id: string) => undefined;
  }
}
