/** Both fixtures: what the conversations about accounts are played against. */
import './fixture';
import './accounts-fixture';
