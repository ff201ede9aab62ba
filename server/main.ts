import { Meteor } from 'meteor/meteor';
import { drainOnSignals, loadOrExit, RoleProcess, startOrExit } from '../infra/roles';

const settings = loadOrExit(Meteor.settings, { production: Meteor.isProduction });
const role = new RoleProcess(settings);

drainOnSignals(role);
Meteor.startup(() => startOrExit(role));
