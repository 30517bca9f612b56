import { useState } from 'preact/hooks';
import type { Run, TaskDetail } from '../../../controller/src/api/schemas.ts';
import { pathOf } from '../api/client.ts';
import { ActionDialog } from '../components/action-dialog.tsx';
import { useConsole } from '../context.ts';
import { runRequestOf, type RunForm } from './run-request.ts';

/** Starts a run by hand, with other arguments or variables where the task allows that. */
export function RunDialog({ task, onClose }: { readonly task: TaskDetail; readonly onClose: () => void }) {
  const { api, router } = useConsole();
  const { namespace, name } = task;
  const [form, setForm] = useState<RunForm>({ args: '', env: '', name: '' });
  const set = (field: keyof RunForm) => (event: { readonly currentTarget: { readonly value: string } }) =>
    setForm({ ...form, [field]: event.currentTarget.value });
  const act = async () => {
    const run = await api.post<Run>(pathOf('namespaces', namespace, 'tasks', name, 'run'), runRequestOf(form));
    router.go({ view: 'run', namespace, name: run.name, query: {} });
    return `${run.name} was created.`;
  };
  return (
    <ActionDialog title={`Run ${name}`} confirm="Run" onClose={onClose} act={act}>
      <p>Empty fields keep the task's values. {overridesOf(task)}</p>
      <label>
        Arguments, one per line
        <textarea rows={3} spellcheck={false} value={form.args} onInput={set('args')} />
      </label>
      <label>
        Environment, NAME=value, one per line
        <textarea rows={3} spellcheck={false} value={form.env} onInput={set('env')} />
      </label>
      <label>
        Name of the run
        <input type="text" spellcheck={false} autocomplete="off" value={form.name} onInput={set('name')} />
      </label>
    </ActionDialog>
  );
}

/** Which fields the task allows a person to replace. */
function overridesOf({ policy }: TaskDetail): string {
  const allowed = policy['allowedOverrides'];
  if (!Array.isArray(allowed)) return '';
  return allowed.length === 0
    ? 'This task does not allow other arguments or variables.'
    : `This task allows you to replace: ${allowed.join(', ')}.`;
}
