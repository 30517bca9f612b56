import { Component, type ComponentChildren } from 'preact';
import { Failure } from './failure.tsx';

interface State {
  readonly error?: unknown;
}

/** A view that breaks says so, and leaves the rest of the page in order. */
export class ErrorBoundary extends Component<{ readonly children: ComponentChildren }, State> {
  override state: State = {};

  static override getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render({ children }: { readonly children: ComponentChildren }, { error }: State) {
    return error === undefined ? children : <Failure error={error} retry={() => this.setState({ error: undefined })} />;
  }
}
