#!/bin/bash
# What a careful administrator puts behind sshd to do the bench's job with standard programs: flow-pipeline.sh DIR WORKERS
# DIR holds in/SENDER (sshd writes there), out/SENDER, kept, taken, ca.pem, receipt.pem, receipt.key, declaration.xsd.
# Each worker takes a GO by renaming it. What is answered is on disk: everything is synced before the message is inserted.
set -u
cd "$1" || exit 1
readonly NAME='^GO\.(DMFA\.([0-9]{6})\.[0-9]{8}\.[0-9]{5}\.[RTS])\.1$'

main() {
  sqlite3 box.sqlite >/dev/null <<'SQL'
pragma journal_mode = wal;
create table if not exists submissions (ticket text primary key, stem text not null unique, sender text not null, result integer not null, received_at text not null);
create table if not exists messages (id integer primary key, mailbox text not null, subject text not null, stem text not null, received_at text not null, attachment blob not null);
create index if not exists messages_mailbox on messages (mailbox, received_at);
SQL
  local worker
  for ((worker = 1; worker <= $1; worker++)); do work "$worker" & done
  echo ready
  wait
}

# Takes sets until the process is stopped; without inotifywait it looks again every 10 ms.
work() {
  local go taken
  shopt -s nullglob
  if command -v inotifywait >/dev/null; then
    exec 9< <(exec inotifywait -q -m -r -e close_write -e moved_to --include '/GO\.' in)
  else
    exec 9< <(exec sleep infinity)
  fi
  while :; do
    for go in in/*/GO.*; do
      taken="taken/${go##*/}"
      mv -n "$go" "$taken" 2>/dev/null && handle "${go%/*}" "$taken"
    done
    read -r -t 0.01 -u 9
  done
}

handle() {
  local from=$1 go=${2##*/} stem sender fi fs result=1
  [[ $go =~ $NAME ]] || return
  stem=${BASH_REMATCH[1]} sender=${BASH_REMATCH[2]}
  fi="$from/FI.$stem.1.1" fs="$from/FS.$stem.1.1"
  [[ $sender == "${from##*/}" && -s $fi && -s $fs ]] || result=0
  if ((result)); then signed "$fi" "$fs" && valid "$fi" || result=0; fi
  answer "$stem" "$sender" "$fi" "$fs" "$2" $result
}

signed() {
  printf -- '-----BEGIN CMS-----\n%s\n-----END CMS-----\n' "$(<"$2")" |
    openssl cms -verify -binary -inform PEM -content "$1" -CAfile ca.pem -purpose any -out /dev/null 2>/dev/null
}

valid() {
  xmllint --noout --schema declaration.xsd "$1" 2>/dev/null
}

# Receipt, signature, both in OUT with a GO; then the submission and the message in the mailbox, in one transaction.
answer() {
  local stem=$1 sender=$2 fi=$3 fs=$4 go=$5 result=$6 ticket now reply mailbox
  printf -v now '%(%Y-%m-%dT%H:%M:%S)T' -1
  ticket="$BASHPID${EPOCHREALTIME/./}"
  reply="ACRF.999999.$ticket"
  printf '<?xml version="1.0" encoding="UTF-8"?>\n<ACRF><Form><Identification>ACRF001</Identification>%s%s%s%s%s%s</Form></ACRF>\n' \
    "<FormCreationDate>${now%T*}</FormCreationDate><FormCreationHour>${now#*T}</FormCreationHour>" \
    '<AttestationStatus>0</AttestationStatus><TypeForm>FA</TypeForm>' \
    "<FileReference><FileName>${go##*/}</FileName><ReferenceOrigin>1</ReferenceOrigin>" \
    "<ReferenceNbr>$ticket</ReferenceNbr></FileReference>" \
    '<ReceptionResult>' "<ResultCode>$result</ResultCode></ReceptionResult>" >"taken/FO.$reply"
  openssl cms -sign -binary -in "taken/FO.$reply" -signer receipt.pem -inkey receipt.key -outform PEM -out "taken/FS.$reply"
  : >"taken/GO.$reply"
  mv "$fi" "$fs" "$go" kept/
  mv "taken/FO.$reply" "taken/FS.$reply" "taken/GO.$reply" "out/$sender/"
  sync "kept/${fi##*/}" "kept/${fs##*/}" kept "out/$sender/FO.$reply" "out/$sender/FS.$reply" "out/$sender/GO.$reply" "out/$sender"
  mailbox=$(<"kept/${fi##*/}") mailbox=${mailbox#*<CompanyID>} mailbox=${mailbox%%</CompanyID>*}
  sqlite3 -cmd '.timeout 10000' box.sqlite <<SQL
pragma synchronous = full;
begin immediate;
insert into submissions values ('$ticket', '$stem', '$sender', $result, '$now');
insert into messages (mailbox, subject, stem, received_at, attachment)
  select '$mailbox', 'declaration $stem', '$stem', '$now', readfile('kept/${fi##*/}') where $result = 1;
commit;
SQL
}

trap 'trap - TERM; kill 0' TERM INT
main "$2"
