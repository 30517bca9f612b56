import { Component } from 'preact';
import type { LogLine } from '../../../controller/src/api/schemas.ts';
import { localTime } from '../format.ts';
import { segmentsOf } from './ansi.ts';
import type { Chunk, KeptLine } from './log-buffer.ts';

interface Props {
  readonly chunk: Chunk;
  readonly source: (line: LogLine) => string;
  readonly times: boolean;
}

/** Lines that are drawn once: only a changed chunk is drawn again. */
export class LogChunk extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    return next.chunk !== this.props.chunk || next.times !== this.props.times;
  }

  override render({ chunk, source, times }: Props) {
    return (
      <div class="log-chunk">
        {chunk.lines.map((kept, index) => (
          <Line key={index} kept={kept} source={source(kept.line)} times={times} />
        ))}
      </div>
    );
  }
}

function Line({
  kept: { line, cut },
  source,
  times,
}: {
  readonly kept: KeptLine;
  readonly source: string;
  readonly times: boolean;
}) {
  const { time, pod } = line;
  return (
    <div class={pod === '' ? 'log-line log-remark' : 'log-line'}>
      {times ? <span class="log-time">{localTime(time).slice(5)} </span> : null}
      <span class="log-source">{source} </span>
      {segmentsOf(line.line).map(({ text, classes }, index) => (
        <span key={index} class={classes}>
          {text}
        </span>
      ))}
      {cut > 0 ? <span class="log-cut"> … {cut.toLocaleString('en-US')} more characters</span> : null}
    </div>
  );
}
