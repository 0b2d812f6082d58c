import { Marked } from 'marked';
import { useEffect, useMemo, type MouseEvent } from 'react';
import { useLocation, useNavigate } from 'react-router';

/** The screen has the first heading, so those of a page begin one step lower. */
const manual = new Marked({
  gfm: true,
  walkTokens: (token) => {
    if (token.type === 'heading') Object.assign(token, { depth: Math.min(6, (token.depth as number) + 1) });
  },
  renderer: {
    heading({ tokens, depth, text }) {
      return `<h${depth} id="${anchor(text)}">${this.parser.parseInline(tokens)}</h${depth}>`;
    },
  },
});

/** What a link of the manual calls a heading: its words in small letters, with hyphens between. */
function anchor(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s-]/gu, '').trim().replaceAll(/\s+/g, '-');
}

/** A page of the manual as HTML. The manual is part of the program; nothing that somebody typed ever comes here. */
export function Markdown({ text }: { text: string }) {
  const go = useNavigate();
  const { hash } = useLocation();
  const html = useMemo(() => manual.parse(text, { async: false }), [text]);
  useEffect(() => {
    if (hash) document.getElementById(hash.slice(1))?.scrollIntoView();
  }, [hash, html]);
  const follow = (event: MouseEvent<HTMLElement>) => {
    const target = (event.target as HTMLElement).closest('a')?.getAttribute('href');
    const page = target && /^([\w-]+)\.md(#.*)?$/.exec(target);
    if (!page) return;
    event.preventDefault();
    void go(`/docs/${(page[1] ?? '').toLowerCase()}${page[2] ?? ''}`);
  };
  // The links inside are links and take the keyboard by themselves; this only turns those between pages into screens.
  return <article className="manual" lang="en" onClick={follow} dangerouslySetInnerHTML={{ __html: html }} />;
}
