import { useEffect, useRef, useState } from 'react';

/** `null` while nothing is on its way, else how far it is, from 0 to 1. */
type Progress = number | null;

/** Runs one upload at a time: its progress, its failure, and a way to stop it. Leaving the screen stops it. */
export function useUpload() {
  const [progress, setProgress] = useState<Progress>(null);
  const [error, setError] = useState<unknown>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const start = async (send: (onProgress: (part: number) => void, signal: AbortSignal) => Promise<void>) => {
    const own = new AbortController();
    running.current = own;
    setError(null);
    setProgress(0);
    try {
      await send(setProgress, own.signal);
    } catch (problem) {
      if (!own.signal.aborted) setError(problem);
    } finally {
      setProgress(null);
    }
  };
  return { progress, error, start, cancel: () => running.current?.abort() };
}
