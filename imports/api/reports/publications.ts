import { Meteor } from 'meteor/meteor';
import { live } from '../live';
import { Reports } from './collection';

/** `reports.mine`: the visitor's own reports. */
export function publishReports(): void {
  Meteor.publish('reports.mine', function () {
    if (!this.userId) return;
    // No `limit`: `makeRoom` bounds them, and Meteor 3.5's change streams serve no cursor that has one.
    return Reports.find({ owner: this.userId }, { fields: { owner: 0 }, ...live });
  });
}
