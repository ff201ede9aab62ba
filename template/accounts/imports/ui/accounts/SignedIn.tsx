import { Meteor } from 'meteor/meteor';
import { useTracker } from 'meteor/react-meteor-data';
import React, { type ReactNode, useState } from 'react';
import { call } from '../call';
import { AccountForm, email, newPassword, password, useFocusOnChange } from './AccountForm';
import { askForMail, type OpenedLink, openedLink, setPassword, signIn, signUp, verifyEmail } from './login';

/** What it holds is for people who are signed in: all others get the forms by which they come in. */
export function SignedIn({ children }: { children: ReactNode }) {
  const link = useTracker(() => openedLink.get(), []);
  const userId = useTracker(() => Meteor.userId(), []);
  useFocusOnChange(`${link?.kind} ${userId}`);
  if (link?.kind === 'reset') return <NewPassword link={link} />;
  if (link?.kind === 'verify') return <Verification link={link} />;
  if (!userId) return <WaysIn forAdministrator={link !== undefined} />;
  return link ? <FirstAdministrator link={link} /> : children;
}

type Way = 'signIn' | 'signUp' | 'forgotten';

function WaysIn({ forAdministrator }: { forAdministrator: boolean }) {
  const [way, setWay] = useState<Way>(forAdministrator ? 'signUp' : 'signIn');
  useFocusOnChange(way);
  const to = (other: Way, words: string) => (
    <button type="button" className="way" onClick={() => setWay(other)}>
      {words}
    </button>
  );
  if (way === 'forgotten') return <Forgotten>{to('signIn', 'Back to sign in')}</Forgotten>;
  if (way === 'signUp')
    return (
      <AccountForm
        key={way}
        title="Create an account"
        {...(forAdministrator && { lead: 'Then you become the first administrator.' })}
        fields={[email, newPassword]}
        button="Create account"
        action={typed => signUp(typed.email, typed.password)}
      >
        {to('signIn', 'I have an account')}
      </AccountForm>
    );
  return (
    <AccountForm
      key={way}
      title="Sign in"
      fields={[email, password]}
      button="Sign in"
      action={typed => signIn(typed.email, typed.password)}
    >
      {to('signUp', 'Create an account')}
      {to('forgotten', 'Forgotten your password?')}
    </AccountForm>
  );
}

function Forgotten({ children }: { children: ReactNode }) {
  const [sentTo, setSentTo] = useState<string>();
  return (
    <>
      <AccountForm
        title="Forgotten password"
        lead="A mail brings you a link, by which you choose a new one."
        fields={[email]}
        button="Send the mail"
        action={typed => askForMail(typed.email).then(() => setSentTo(typed.email))}
      >
        {children}
      </AccountForm>
      <p className="account-news" role="status">
        {sentTo && `If ${sentTo} has an account here, the mail is on its way.`}
      </p>
    </>
  );
}

function NewPassword({ link }: { link: OpenedLink }) {
  return (
    <AccountForm
      title="A new password"
      lead="All browsers are logged out, and this one is signed in."
      fields={[newPassword]}
      button="Save it and sign in"
      action={typed => setPassword(link.token, typed.password).then(link.close)}
    >
      <Later link={link} />
    </AccountForm>
  );
}

function Verification({ link }: { link: OpenedLink }) {
  return (
    <AccountForm
      title="Your e-mail address"
      lead="You have come by the link of our mail: with one push the address is confirmed."
      button="Confirm it and sign in"
      action={() => verifyEmail(link.token).then(link.close)}
    >
      <Later link={link} />
    </AccountForm>
  );
}

function FirstAdministrator({ link }: { link: OpenedLink }) {
  const name = useTracker(() => Meteor.user()?.emails?.[0]?.address, []);
  return (
    <AccountForm
      title="The first administrator"
      lead={`${name ?? 'You'} will see the console, do everything there, and give roles to others.`}
      button="Become the administrator"
      action={() => call('accounts.becomeAdministrator', link.token).then(() => location.assign('/console'))}
    >
      <Later link={link} />
    </AccountForm>
  );
}

const Later = ({ link }: { link: OpenedLink }) => (
  <button type="button" className="way" onClick={link.close}>
    Not now
  </button>
);
