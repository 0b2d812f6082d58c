/** Hands the offer to the box and gives its answer; a refusal is thrown. */
export type Place = (sdp: string) => Promise<{ session_id: string; sdp: string }>;

/** Why there is no sound from here: no secure context, no microphone, not allowed to use it, or somebody else has it. */
export type NoMicrophone = 'insecure' | 'missing' | 'denied' | 'taken';

export type State =
  | { kind: 'idle' }
  | { kind: 'asking' }
  | { kind: 'connecting' }
  | { kind: 'talking'; since: number; sessionId: string }
  | { kind: 'ended'; sessionId: string; by: 'us' | 'them' | 'network' }
  | { kind: 'silent'; why: NoMicrophone }
  | { kind: 'refused'; error: unknown };

/** The way of a browser without a connection is given up after this time. */
const CONNECTED_WITHIN_MS = 15_000;

/** One call of this browser. It tells each of its states once, in order; after `ended`, `silent` and `refused` nothing follows. */
export class BrowserCall {
  private readonly place: Place;
  private readonly tell: (state: State) => void;
  private readonly sound = new Audio();
  private pc: RTCPeerConnection | null = null;
  private microphone: MediaStream | null = null;
  private sessionId = '';
  private isOver = false;
  private timer: number | undefined;

  constructor(place: Place, tell: (state: State) => void) {
    this.place = place;
    this.tell = tell;
  }

  /** Asks for the microphone, then calls. Must be begun by a click, or the bot would not be heard. */
  async start() {
    this.tell({ kind: 'asking' });
    if (!window.isSecureContext || !('mediaDevices' in navigator)) return this.over({ kind: 'silent', why: 'insecure' });
    try {
      const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
      this.microphone = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (problem) {
      return this.over({ kind: 'silent', why: whyNot(problem) });
    }
    // Whoever has hung up meanwhile needs no call.
    if (this.isOver) return this.release();
    this.tell({ kind: 'connecting' });
    try {
      await this.connect(this.microphone);
    } catch (error) {
      this.over({ kind: 'refused', error });
    }
  }

  private async connect(microphone: MediaStream) {
    // No server is asked where we are: the box tells where it is, and answers whoever proves to know the call.
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.pc = pc;
    for (const track of microphone.getAudioTracks()) pc.addTrack(track, microphone);
    pc.addEventListener('track', ({ track }) => {
      this.sound.srcObject = new MediaStream([track]);
      void this.sound.play().catch(() => undefined);
    });
    pc.addEventListener('connectionstatechange', () => this.look(pc));
    await pc.setLocalDescription();
    const placed = await this.place(pc.localDescription?.sdp ?? '');
    this.sessionId = placed.session_id;
    if (this.isOver) return this.release();
    await pc.setRemoteDescription({ type: 'answer', sdp: placed.sdp });
    // The box says goodbye on the secure transport; that is seen there first.
    pc.getSenders()[0]?.transport?.addEventListener('statechange', () => this.look(pc));
    this.timer = window.setTimeout(() => this.end('network'), CONNECTED_WITHIN_MS);
  }

  private look(pc: RTCPeerConnection) {
    const secure = pc.getSenders()[0]?.transport?.state;
    if (pc.connectionState === 'connected' && secure === 'connected') {
      window.clearTimeout(this.timer);
      if (!this.isOver) this.tell({ kind: 'talking', since: Date.now(), sessionId: this.sessionId });
    } else if (secure === 'closed') this.end('them');
    else if (pc.connectionState === 'failed' || secure === 'failed') this.end('network');
  }

  /** Whether the other side hears us. */
  mute(isMuted: boolean) {
    for (const track of this.microphone?.getAudioTracks() ?? []) track.enabled = !isMuted;
  }

  /** Presses a key of a telephone. */
  press(key: string) {
    this.pc?.getSenders()[0]?.dtmf?.insertDTMF(key, 160, 60);
  }

  hangUp() {
    this.end('us');
  }

  private end(by: 'us' | 'them' | 'network') {
    this.over({ kind: 'ended', sessionId: this.sessionId, by });
  }

  private over(state: State) {
    if (this.isOver) return;
    this.isOver = true;
    this.release();
    this.tell(state);
  }

  private release() {
    window.clearTimeout(this.timer);
    this.pc?.close();
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    this.sound.srcObject = null;
  }
}

function whyNot(problem: unknown): NoMicrophone {
  const name = problem instanceof DOMException ? problem.name : '';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  return name === 'NotReadableError' || name === 'AbortError' ? 'taken' : 'denied';
}
