import { Meteor } from 'meteor/meteor';
import { live } from '../live';
import { Pictures } from './collection';

/** `pictures.mine`: the visitor's own pictures. */
export function publishPictures(): void {
  Meteor.publish('pictures.mine', function () {
    if (!this.userId) return;
    // No `limit`: `makeRoom` bounds them, and Meteor 3.5's change streams serve no cursor that has one.
    return Pictures.find({ owner: this.userId }, { fields: { owner: 0 }, ...live });
  });
}
