import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useConsole } from '../context.ts';
import { Failure } from './failure.tsx';
import { Modal } from './modal.tsx';

interface Props {
  readonly title: string;
  readonly confirm: string;
  readonly danger?: boolean;
  readonly onClose: () => void;
  /** @returns a sentence about what was done; undefined to keep the dialog open */
  readonly act: () => Promise<string | undefined>;
  readonly children: ComponentChildren;
}

/** Asks before something is done, and shows a refusal where it was asked. */
export function ActionDialog({ title, confirm, danger = false, onClose, act, children }: Props) {
  const { announce } = useConsole();
  const [error, setError] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const carryOut = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const done = await act();
      if (done === undefined) return;
      announce(done);
      onClose();
    } catch (refusal) {
      setError(refusal);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal title={title} onClose={onClose}>
      <form onSubmit={(event) => void carryOut(event)}>
        {children}
        {error === undefined ? null : <Failure error={error} />}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Close
          </button>
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy}>
            {confirm}
          </button>
        </div>
      </form>
    </Modal>
  );
}
