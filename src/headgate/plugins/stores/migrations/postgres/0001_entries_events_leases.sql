-- Texts compare by their bytes in UTF-8 (collation "C"), which is the order of code points. PostgreSQL has no text with
-- U+0000: it is kept as U+0001 U+0001, and U+0001 as U+0001 U+0002, which leaves the order as it is.
create table state (
    name text primary key,
    value text not null
);

create table migrations (
    number integer primary key,
    checksum text not null
);

create table entries (
    collection text collate "C" not null,
    key text collate "C" not null,
    value text collate "C" not null,
    primary key (collection, key)
);

create table events (
    number bigint primary key,
    kind text not null,
    body text not null,
    previous text not null,
    hash text not null
);

-- A row stays when its lease ends, so that fences only grow. "beat" is when the holder was last heard of, by the clock
-- of this server; "backend" is the connection that it was heard on; "token" tells one taking from another.
create table leases (
    resource text collate "C" primary key,
    fence bigint not null,
    holder text not null,
    purpose text not null,
    since text not null,
    is_released boolean not null,
    token text not null,
    beat timestamptz not null,
    backend integer not null
);

-- What was committed, in order: so a writer whose answer was lost finds out, and a reader whose connection was lost knows
-- whether anything has changed since. Rows of the last week are kept.
create table batches (
    number bigint generated always as identity primary key,
    token text not null unique,
    at timestamptz not null
);
create index on batches (at);
