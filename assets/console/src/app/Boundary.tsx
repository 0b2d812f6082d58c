import { Component, type ReactNode } from 'react';
import { ErrorBox } from '~/shared/ui/ErrorBox';

/** Keeps a failing screen from taking the frame with it. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    return <ErrorBox error={this.state.error} onRetry={() => this.setState({ error: null })} />;
  }
}
