import { Mongo } from 'meteor/mongo';
import { type Report, reportsCollection } from '../../tasks/reports/documents';

export const Reports = new Mongo.Collection<Report>(reportsCollection);
