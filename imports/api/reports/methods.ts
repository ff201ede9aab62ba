import type { FileStore } from '../../../infra/database';
import { defineMethods } from '../../../infra/link';
import { TaskQueue } from '../../../infra/queue';
import { parse, visitorOf } from '../errors';
import { build, makeRoom, ownReport, rebuild, remove } from './reports';

/** What a visitor does with reports. Each method looks at the owner first. */
export function defineReportMethods(files: FileStore): void {
  defineMethods({
    async 'reports.build'(order: unknown) {
      const owner = visitorOf(this);
      const { rows } = parse('reports.build', order, { rows: Number });
      const id = await build(owner, rows);
      await makeRoom(owner, files);
      return id;
    },

    async 'reports.cancel'(id: unknown) {
      const report = await ownReport(visitorOf(this), parse('reports.cancel', id, String));
      await TaskQueue.cancel(report._id);
    },

    async 'reports.retry'(id: unknown) {
      await rebuild(await ownReport(visitorOf(this), parse('reports.retry', id, String)));
    },

    async 'reports.remove'(id: unknown) {
      await remove(await ownReport(visitorOf(this), parse('reports.remove', id, String)), files);
    },
  });
}
