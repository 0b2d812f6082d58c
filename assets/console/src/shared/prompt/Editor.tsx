import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { Compartment, EditorState } from '@codemirror/state';
import { Decoration, EditorView, keymap, MatchDecorator, ViewPlugin, type DecorationSet, type ViewUpdate } from '@codemirror/view';
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import { nonce } from '~/shared/nonce';
import { PATTERN } from './variables';

export interface EditorHandle {
  insert: (text: string) => void;
  /** Marks a place and brings it into sight. */
  select: (from: number, to: number) => void;
}

interface Props {
  ref: Ref<EditorHandle>;
  value: string;
  onChange: (value: string) => void;
  labelledBy: string;
  describedBy?: string;
  isInvalid: boolean;
}

const variable = new MatchDecorator({ regexp: PATTERN, decoration: Decoration.mark({ class: 'cm-variable' }) });
const variables = ViewPlugin.fromClass(
  class {
    marks: DecorationSet;
    constructor(view: EditorView) {
      this.marks = variable.createDeco(view);
    }
    update(update: ViewUpdate) {
      this.marks = variable.updateDeco(update, this.marks);
    }
  },
  { decorations: (plugin) => plugin.marks },
);

/** A field for long texts in which variables stand out. The text is the form's; what is typed goes there at once. */
export default function Editor({ ref, value, onChange, labelledBy, describedBy, isInvalid }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const about = useRef(new Compartment());
  const first = useRef({ value, labelledBy });
  const tell = useRef(onChange);
  useEffect(() => {
    tell.current = onChange;
  }, [onChange]);
  useEffect(() => {
    if (!box.current) return;
    const own = new EditorView({
      parent: box.current,
      state: EditorState.create({
        doc: first.current.value,
        extensions: [
          history(),
          keymap.of([...defaultKeymap, ...historyKeymap]),
          EditorView.lineWrapping,
          EditorView.cspNonce.of(nonce()),
          about.current.of([]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) tell.current(update.state.doc.toString());
          }),
          variables,
        ],
      }),
    });
    view.current = own;
    return () => {
      view.current = null;
      own.destroy();
    };
  }, []);
  useEffect(() => {
    const attributes = { 'aria-labelledby': labelledBy, 'aria-multiline': 'true', ...(describedBy ? { 'aria-describedby': describedBy } : {}), 'aria-invalid': String(isInvalid) };
    view.current?.dispatch({ effects: about.current.reconfigure(EditorView.contentAttributes.of(attributes)) });
  }, [labelledBy, describedBy, isInvalid]);
  useEffect(() => {
    const own = view.current;
    if (!own || own.state.doc.toString() === value) return;
    own.dispatch({ changes: { from: 0, to: own.state.doc.length, insert: value } });
  }, [value]);
  useImperativeHandle(ref, () => ({
    insert: (text) => {
      view.current?.dispatch(view.current.state.replaceSelection(text));
      view.current?.focus();
    },
    select: (from, to) => {
      view.current?.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
      view.current?.focus();
    },
  }));
  return <div ref={box} />;
}
