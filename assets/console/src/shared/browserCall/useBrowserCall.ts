import { useEffect, useRef, useState } from 'react';
import { BrowserCall, type Place, type State } from './call';

/** A call of this browser. It ends with the screen that shows it, and when the page is left. */
export function useBrowserCall(place: Place) {
  const [state, setState] = useState<State>({ kind: 'idle' });
  const [isMuted, setMuted] = useState(false);
  const current = useRef<BrowserCall | null>(null);
  useEffect(() => {
    const leave = () => current.current?.hangUp();
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      leave();
    };
  }, []);
  const start = () => {
    const call = new BrowserCall(place, setState);
    current.current = call;
    setMuted(false);
    void call.start();
  };
  const mute = () => {
    current.current?.mute(!isMuted);
    setMuted(!isMuted);
  };
  return { state, isMuted, start, mute, press: (key: string) => current.current?.press(key), hangUp: () => current.current?.hangUp() };
}
