import type { TaskDetail } from '../../../controller/src/api/schemas.ts';
import { ClockTime } from '../components/clock-time.tsx';
import { Empty } from '../components/empty.tsx';
import { Facts } from '../components/facts.tsx';
import { Moment } from '../components/moment.tsx';
import { inWords } from '../format.ts';

/** Configuration, next times, and the controller's conditions. */
export function TaskDetails({ task }: { readonly task: TaskDetail }) {
  const { application, component, schedule, totals, lastSuccessfulTime, policy } = task;
  return (
    <div class="columns">
      <section>
        <h2>Task</h2>
        <Facts
          facts={[
            ['Application', application],
            ['Component', component],
            ['Schedule', schedule === undefined ? 'none: it runs on deployment or by hand' : schedule.crons.join(', ')],
            ['Time zone', schedule === undefined ? undefined : (schedule.timeZone ?? 'UTC')],
            ['Last success', <Moment time={lastSuccessfulTime} />],
            [
              'Runs',
              `${totals.active} active, ${totals.queued} queued, ${totals.succeeded} succeeded, ${totals.failed} failed, ${totals.cancelled} cancelled, ${totals.skipped} skipped, ${totals.kept} kept`,
            ],
          ]}
        />
      </section>
      <section>
        <h2>Next times</h2>
        <NextTimes task={task} />
      </section>
      <section>
        <h2>Policy</h2>
        <Facts facts={Object.entries(policy).map(([name, value]) => [name, inWords(value)] as const)} />
      </section>
      <section>
        <h2>Conditions</h2>
        <Conditions task={task} />
      </section>
    </div>
  );
}

function NextTimes({ task: { nextScheduleTimes, suspended } }: { readonly task: TaskDetail }) {
  if (nextScheduleTimes.length === 0)
    return <p class="faint">{suspended ? 'None while it is suspended.' : 'None: nothing is scheduled.'}</p>;
  return (
    <ol class="times">
      {nextScheduleTimes.map((time) => (
        <li key={time}>
          <ClockTime time={time} />{' '}
          <span class="faint">
            <Moment time={time} />
          </span>
        </li>
      ))}
    </ol>
  );
}

function Conditions({ task: { conditions } }: { readonly task: TaskDetail }) {
  if (conditions.length === 0) return <Empty title="The controller has not reported anything yet." />;
  return (
    <table class="table">
      <caption class="hidden">Conditions of the task</caption>
      <thead>
        <tr>
          <th scope="col">Condition</th>
          <th scope="col">Status</th>
          <th scope="col">Reason</th>
          <th scope="col">Message</th>
        </tr>
      </thead>
      <tbody>
        {conditions.map(({ type, status, reason, message }) => (
          <tr key={type}>
            <th scope="row">{type}</th>
            <td>{status}</td>
            <td>{reason}</td>
            <td class="wrap">{message}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
