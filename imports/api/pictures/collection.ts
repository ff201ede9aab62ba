import { Mongo } from 'meteor/mongo';
import { collections, type Picture } from '../../tasks/documents';

export const Pictures = new Mongo.Collection<Picture>(collections.pictures);
