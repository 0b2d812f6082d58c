import { List, Text } from '@mantine/core';
import { useT } from '~/shared/i18n';
import { Words } from '~/shared/ui/Words';
import classes from './turns.module.css';

/** A place in a document that an answer was made from. */
interface Hit {
  query?: string;
  chunk_id?: string;
  document_id?: string;
  document_name?: string;
  heading?: string;
  page?: number | null;
  score?: number;
}

/** The places an answer was made from, as the call keeps them on its turn. */
export function hitsOf(turn: object): Hit[] {
  return 'knowledge' in turn && Array.isArray(turn.knowledge) ? (turn.knowledge as Hit[]) : [];
}

/** The places in documents that an answer was made from, folded away. */
export function Hits({ hits }: { hits: Hit[] }) {
  const t = useT();
  return (
    <details className={classes.hits}>
      <summary>
        <Text span size="xs">
          {t('turn.hits', { n: hits.length })}
        </Text>
      </summary>
      <List size="xs" spacing={2} mt={4}>
        {hits.map((hit, n) => (
          <List.Item key={`${hit.chunk_id ?? ''} ${n}`}>
            <Words size="xs">
              {[hit.document_name || hit.document_id, hit.heading].filter(Boolean).join(' › ')}
            </Words>
            {hit.page ? ` (${t('turn.hits.page', { n: hit.page })})` : ''}
            {hit.score === undefined ? '' : ` · ${hit.score.toFixed(2)}`}
          </List.Item>
        ))}
      </List>
    </details>
  );
}
