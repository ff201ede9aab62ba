import { Meteor } from 'meteor/meteor';
import type { FileStore } from '../../../infra/database';
import { defineMethods } from '../../../infra/link';
import { parse, visitorOf } from '../errors';
import { live } from '../live';
import type { ApiPart } from '../part';
import { Reports } from './collection';
import { build, makeRoom, ownReport, rebuild, remove } from './reports';

export const reports: ApiPart<'reports'> = {
  limits: {
    'reports.build': [10, 10_000],
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
    'reports.retry': (id: string) => undefined;
    'reports.remove': (id: string) => undefined;
  }
}

/** What a visitor does with reports. Each method looks at the owner first. */
function defineReportMethods(files: FileStore): void {
  defineMethods({
    async 'reports.build'(order: unknown) {
      const owner = visitorOf(this);
      const { rows } = parse('reports.build', order, { rows: Number });
      const id = await build(owner, rows);
      await makeRoom(owner, files);
      return id;
    },

    async 'reports.retry'(id: unknown) {
      await rebuild(await ownReport(visitorOf(this), parse('reports.retry', id, String)));
    },

    async 'reports.remove'(id: unknown) {
      await remove(await ownReport(visitorOf(this), parse('reports.remove', id, String)), files);
    },
  });
}

/** `reports.mine`: the visitor's own reports. */
function publishReports(): void {
  Meteor.publish('reports.mine', function () {
    if (!this.userId) return;
    // No `limit`: `makeRoom` bounds them, and Meteor 3.5's change streams serve no cursor that has one.
    return Reports.find({ owner: this.userId }, { fields: { owner: 0 }, ...live });
  });
}
