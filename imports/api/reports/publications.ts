import { Meteor } from 'meteor/meteor';
import { maxReportsKept } from '../../tasks/limits';
import { live } from '../live';
import { Reports } from './collection';

/** `reports.mine`: the visitor's own reports, newest first. */
export function publishReports(): void {
  Meteor.publish('reports.mine', function () {
    if (!this.userId) return;
    const newest = { sort: { createdAt: -1 }, limit: maxReportsKept } as const;
    return Reports.find({ owner: this.userId }, { fields: { owner: 0 }, ...newest, ...live });
  });
}
