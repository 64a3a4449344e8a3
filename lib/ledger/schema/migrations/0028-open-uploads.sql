-- The index of 0027 has taken its place.
drop index if exists uploads_open;
