-- What those who send a file report about it: how much of it was sent, and the CRC-64 of the whole, by which its owner finds
-- it again. It goes with its upload.
create table upload_contents (
  upload_id text primary key,
  owner text,
  size bigint not null,
  sent bigint not null,
  -- Decimal, as storage writes it; null until it is known.
  crc64 text collate "C"
);
create index upload_contents_by_checksum on upload_contents (crc64, size, owner, upload_id desc) where crc64 is not null;
