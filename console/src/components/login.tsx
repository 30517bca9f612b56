import { useState } from 'preact/hooks';
import { Heading } from './heading.tsx';

interface Props {
  /** A token was given and refused. */
  readonly refused: boolean;
  readonly onToken: (token: string) => void;
}

/** Asks for a token. It is kept as long as the tab. */
export function Login({ refused, onToken }: Props) {
  const [token, setToken] = useState('');
  const submit = (event: Event) => {
    event.preventDefault();
    if (token.trim() !== '') onToken(token.trim());
  };
  return (
    <form class="login" onSubmit={submit}>
      <Heading title="Sign in" />
      <p>
        Paste a Kubernetes token: you have the rights of its owner here. It is kept in this tab until you close it.{' '}
        <code>kubectl create token NAME</code> prints the token of a service account, and <code>task-runs ui</code>{' '}
        opens this console without a token.
      </p>
      {refused ? (
        <p class="failure" role="alert">
          <strong>Unauthenticated</strong> The token was refused: it may have expired.
        </p>
      ) : null}
      <label>
        Token
        <input
          type="password"
          autocomplete="off"
          spellcheck={false}
          value={token}
          onInput={({ currentTarget }) => setToken(currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        Sign in
      </button>
    </form>
  );
}
