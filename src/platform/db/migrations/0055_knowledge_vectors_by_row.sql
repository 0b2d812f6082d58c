-- Vectors are large. In a table without row ids they also stood on the inner pages of its tree, four to a page, and looking one up read nine pages
-- and one that overflowed. With row ids two vectors share a page that is found through an index of numbers.
create table knowledge_vectors_by_row (
    id     integer primary key,
    seq    integer not null references knowledge_chunks (seq) on delete cascade,
    space  text not null,
    vector blob not null
) strict;

insert into knowledge_vectors_by_row (seq, space, vector) select seq, space, vector from knowledge_vectors order by seq, space;
drop table knowledge_vectors;
alter table knowledge_vectors_by_row rename to knowledge_vectors;
create unique index knowledge_vectors_of on knowledge_vectors (seq, space);
