"""The schema of the archive, as steps that are applied once each and in order.

In comes a `sqlite_utils.Database`, out goes one whose tables are those that this version of Yixun writes. A change of
the schema is a new step at the end; a step that was released is never edited.

Tables
    captures    a row for every record of a WARC file, with what became of it (`outcome`)
    articles    a row for every page that is an article, by its normalised URL, as its newest capture shows it
    parts       the pages of articles that are spread over several
    revisions   the other texts that an article had: what `articles` held before
    rejections  why a capture is no article
    warcs       the files that were read to their end
    flags       which flag stands on which article (the evidence is in `articles.details`)
    names       every hospital, source, author, editor and section that occurs, folded, for the fields of a query
    settings    by which rules the search index was made
    site_regions
                in which region the hospital of a site is, as its TOML says
    index_segments, index_lists, index_values
                the search index, see `archive.segments`
    and those of `archive.relations`

Invariant (`archive.check`): captures = new + revision + unchanged + part + rejection + revisit; articles = new;
articles + revisions = new + revision; rejections = rejection.
"""

from __future__ import annotations

import json

from sqlite_utils import Database, Migrations

from archive import index, parts, relations, segments
from archive.add import reindex_batch

MIGRATIONS = Migrations("yixun")
APPLICATION_ID = 0x59697875  # "Yixu" in ASCII: the header of the file says whose it is


@MIGRATIONS(name="0001_captures_articles_rejections")
def captures_articles_rejections(db: Database) -> None:
    """The rows that the WARC files can make again."""
    db.executescript(
        """
        create table captures (
          id integer primary key,
          site text not null,
          url text not null,                 -- as it was asked for
          captured_at text not null,         -- ISO 8601, UTC; empty when nobody knows
          status integer not null,           -- of HTTP; 0 for a saved page
          mime text not null,
          digest text not null,              -- sha256:… of the payload
          warc text not null,                -- path below the captures folder; empty for a record that came without one
          offset integer not null,           -- bytes
          length integer not null,           -- bytes of the compressed record
          outcome text not null check (outcome in ('new', 'revision', 'unchanged', 'rejection', 'revisit')),
          article integer references articles(id),
          text_digest text not null default ''  -- of the cleaned text, for an article
        ) strict;
        create unique index captures_record on captures(warc, offset) where warc <> '';
        create index captures_url on captures(url, digest);
        create index captures_digest on captures(digest);
        create index captures_article on captures(article);
        create index captures_outcome on captures(outcome);

        create table articles (
          id integer primary key,            -- stable: this is what people cite
          docid integer not null unique,     -- row of the search index, in the order of publication; may change
          key text not null unique,          -- the normalised URL: the identity of a page
          site text not null,
          hospital text not null,
          url text not null,
          title text not null,
          published_at text,                 -- ISO 8601, +08:00, or the bare date
          published_raw text not null,
          source text not null,
          author text not null,
          editor text not null,
          reviewer text not null,
          section text not null,
          text text not null,
          captured_at text not null,
          digest text not null,              -- sha256:… of the cleaned content
          capture integer not null references captures(id),
          script text not null,
          cleaner text not null,
          details text not null              -- JSON: the other fields of pipeline.records.Article
        ) strict;
        create index articles_site on articles(site);
        create index articles_hospital on articles(hospital);
        create index articles_published on articles(published_at);
        create index articles_source on articles(source);
        create index articles_author on articles(author);
        create index articles_section on articles(section);

        create table revisions (
          id integer primary key,
          article integer not null references articles(id) on delete cascade,
          captured_at text not null,
          digest text not null,
          capture integer not null references captures(id),
          record text not null,              -- JSON of pipeline.records.Article
          unique (article, digest)
        ) strict;

        create table rejections (
          id integer primary key,
          capture integer not null unique references captures(id),
          site text not null,
          url text not null,
          reason text not null,
          detail text not null,
          captured_at text not null,
          digest text not null,
          warc text not null,
          offset integer not null
        ) strict;
        create index rejections_site on rejections(site, reason);

        create table warcs (
          file text primary key,             -- path below the captures folder
          size integer not null,             -- bytes when it was read to its end
          records integer not null,          -- captures in it
          finished_at text not null
        ) strict, without rowid;

        create table flags (
          article integer not null references articles(id) on delete cascade,
          flag text not null,
          primary key (flag, article)
        ) strict, without rowid;
        create index flags_article on flags(article);

        create table names (
          field text not null,
          value text not null,               -- as the articles have it
          folded text not null,              -- the form, or another name of the same, that is searched
          primary key (field, value, folded)
        ) strict, without rowid;
        """
    )
    db.execute(f"pragma application_id = {APPLICATION_ID}")


@MIGRATIONS(name="0002_search_index")
def search_index(db: Database) -> None:
    """Three contentless FTS5 tables (SQLite 3.43 or newer), rows numbered by `articles.docid`.

    The body is the first column: the place of every further column costs two bytes a posting.
    """
    db.executescript(
        """
        create virtual table articles_fts using fts5(
          body, title, older, content='', contentless_delete=1, tokenize='ascii');
        create virtual table articles_title_fts using fts5(
          title, content='', contentless_delete=1, tokenize='ascii');
        create virtual table articles_chars using fts5(
          body, title, older, content='', contentless_delete=1, detail=column, tokenize='ascii');  -- until 0005

        create trigger articles_deleted after delete on articles begin
          delete from articles_fts where rowid = old.docid;
          delete from articles_title_fts where rowid = old.docid;
          delete from articles_chars where rowid = old.docid;
        end;
        """
    )


@MIGRATIONS(name="0003_relations")
def relation_tables(db: Database) -> None:
    """The tables of `archive.relations`."""
    relations.create_tables(db)


@MIGRATIONS(name="0004_settings_and_narrow_index")
def settings_and_narrow_index(db: Database) -> None:
    """What the search index was made by, and an index of all that the filters of a search ask.

    A row of articles holds the text: reading it to look at a date costs six times as much as reading it here.
    """
    db.executescript(
        """
        create table settings (name text primary key, value text not null) strict, without rowid;
        create index articles_narrow on articles(
          docid, id, published_at, site, hospital, section, source, author, editor);
        """
    )
    index.write_setting(db, "index_version", index.version())


@MIGRATIONS(name="0005_characters_in_one_column")
def characters_in_one_column(db: Database) -> None:
    """The place of a character is part of its token. What the table held is left out: 0008 makes the index anew."""
    db.execute("drop table articles_chars")
    db.execute(
        """
        create virtual table articles_chars using fts5(
          found, content='', contentless_delete=1, detail=none, tokenize='ascii')
        """
    )


@MIGRATIONS(name="0006_closer_numbers")
def closer_numbers(db: Database) -> None:
    """256 numbers of the index a day instead of 4,096. This is left to 0008, which numbers anew and indexes anew."""


@MIGRATIONS(name="0007_articles_over_several_pages")
def articles_over_several_pages(db: Database) -> None:
    """The pages of an article, and `part` among the outcomes of a capture.

    The check of a column can only be changed in the schema's own text (sqlite.org/lang_altertable.html, 7).
    """
    parts.create_tables(db)
    db.execute("pragma writable_schema = on")
    db.execute(
        "update sqlite_schema set sql = replace(sql, :old, :new) where type = 'table' and name = 'captures'",
        {"old": "'unchanged', 'rejection'", "new": "'unchanged', 'part', 'rejection'"},
    )
    db.execute("pragma writable_schema = reset")


@MIGRATIONS(name="0008_lists_of_our_own")
def lists_of_our_own(db: Database) -> None:
    """The search index as lists of our own (`archive.lists`) instead of FTS5 tables, and the regions of the sites.

    How close the numbers of the articles are does not matter to it, so a day has 65,536 instead of 256 (0006).
    """
    db.executescript(
        """
        drop trigger articles_deleted;
        drop table articles_fts;
        drop table articles_title_fts;
        drop table articles_chars;
        drop index articles_narrow;
        create table site_regions (
          site text primary key,
          region text not null,
          folded text not null
        ) strict, without rowid;
        """
        + segments.TABLES
    )
    rows = db.execute("select id, docid, published_at from articles order by docid").fetchall()
    db.execute("update articles set docid = -docid")
    for number, _, published_at in rows:
        docid = index.docid_for(db, published_at)
        db.execute("update articles set docid = :docid where id = :id", {"docid": docid, "id": number})
    index.write_setting(db, "index_rebuilt_to", "")
    while reindex_batch(db):
        pass


@MIGRATIONS(name="0009_partings")
def partings(db: Database) -> None:
    """Who was on either side when a person split a cluster (`archive.clusters`); of earlier splits, who is now."""
    relations.create_tables(db)
    for event, cluster, came in db.execute("select id, cluster, members from cluster_merges where undone").fetchall():
        off = set(json.loads(came))
        stayed = [one for one in relations.members(db, cluster) if one not in off]
        rows = [(event, 0, one) for one in stayed] + [(event, 1, one) for one in sorted(off)]
        db.conn.executemany("insert or ignore into cluster_partings (event, side, article) values (?, ?, ?)", rows)
