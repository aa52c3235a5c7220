#!/usr/bin/env bash
# A publisher and a consumer of mailboxes, with curl and openssl only, written from the OpenAPI descriptions.
# Usage: ebox-client.sh URL CLIENT KEY.pem DIR   DIR has letter.pdf, annex.txt, recipients.json; prints a line for each step
set -euo pipefail

url=$1 client=$2 key=$3 dir=$4
ebox=$url/REST/ebox/enterprise/messageRegistry/v2
ebox3=$url/REST/ebox/enterprise/messageRegistry/v3
curl=(curl --silent --show-error --fail-with-body --insecure --max-time 60)
cd "$dir"

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
digest() { openssl dgst -sha256 -binary "$1" | base64url; }
# The value of a text, or of a number or truth, in a JSON object: the first.
value() { grep -o "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2- | tr -d '"'; }
# How many there are: the last in an answer, as what is in a list may have lists itself.
total() { grep -o '"totalItems":[0-9]*' | tail -n 1 | cut -d: -f2; }

assertion() {
  local now head claims
  now=$(date +%s)
  head=$(printf '{"alg":"RS256","typ":"JWT"}' | base64url)
  claims=$(printf '{"iss":"%s","sub":"%s","aud":"%s/REST/oauth/v5/token","jti":"%s","iat":%d,"exp":%d}' \
    "$client" "$client" "$url" "$(openssl rand -hex 16)" "$now" $((now + 120)) | base64url)
  printf '%s.%s.%s' "$head" "$claims" "$(printf '%s.%s' "$head" "$claims" | openssl dgst -sha256 -sign "$key" | base64url)"
}

token=$("${curl[@]}" "$url/REST/oauth/v5/token" \
  --data-urlencode grant_type=client_credentials \
  --data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
  --data-urlencode "client_assertion=$(assertion)" | value access_token)
auth=(--header "Authorization: Bearer $token")
echo "token ${#token}"
me=$("${curl[@]}" "${auth[@]}" "$url/REST/oauth/v5/introspect" --data-urlencode "token=$token" | value 'urn:be:fgov:kbo-bce:organization:cbe-number' | sed 's/.*://')
echo "organisation $me"

# Publish: the PDF comes first, its description with the digests last.
cat > message.json <<JSON
{"recipient":{"eboxType":"enterprise","eboxIdValue":"$me"},"subject":{"nl":"Afspraak in het Café"},"messageTypeId":"attest",
 "senderApplicationId":"attests","bodyMainContent":false,"replyAuthorized":true,
 "businessDataList":[{"key":"place","values":[{"nl":"Liège"}]}],
 "attachments":[
  {"httpPartName":"upfile1","mainContent":true,"digest":{"digestMethod":"sha_256","digestValue":"$(digest letter.pdf)"}},
  {"httpPartName":"upfile2","mainContent":false,"digest":{"digestMethod":"sha_256","digestValue":"$(digest annex.txt)"}},
  {"httpPartName":"upfile3","mainContent":false}]}
JSON
published=$("${curl[@]}" "${auth[@]}" "$ebox/publishMessage" \
  --form 'upfile1=@letter.pdf;type=application/pdf' --form 'upfile2=@annex.txt;type=text/plain' \
  --form 'upfile3=@letter.pdf;filename=copy.pdf;type=application/pdf' --form 'messageToPublish=@message.json;type=application/json')
id=$(value messageId <<< "$published")
echo "published $id $(value code <<< "$published")"

list() { "${curl[@]}" "${auth[@]}" --get "$ebox/ebox/messages" "$@"; }
echo "listed $(list | total)"
echo "again $("${curl[@]}" "${auth[@]}" "$ebox/publishMessage" \
  --form 'upfile1=@letter.pdf;type=application/pdf' --form 'upfile2=@annex.txt;type=text/plain' \
  --form 'upfile3=@letter.pdf;filename=copy.pdf;type=application/pdf' --form 'messageToPublish=<message.json' | value code)"
echo "filtered $(list --data messageTypeId=attest --data readStatus=false --data pageSize=1 | total)"
echo "other type $(list --data messageTypeId=letter | total)"
echo "searched $(list --data-urlencode q=CAFE --data qlang=nl | total) $(list --data-urlencode q=liege --data qlang=nl | total) $(list --data-urlencode q=CAFE --data qlang=fr | total)"

"${curl[@]}" "${auth[@]}" --output got.pdf "$ebox/ebox/messages/$id/attachments/1/content"
cmp letter.pdf got.pdf
echo "read $("${curl[@]}" "${auth[@]}" "$ebox/ebox/messages/$id" | value readStatus)"
echo "part $("${curl[@]}" "${auth[@]}" --range 0-3 "$ebox/ebox/messages/$id/attachments/1/content")"

visible() {
  "${curl[@]}" "${auth[@]}" --request PATCH --header 'Content-Type: application/merge-patch+json' \
    --data "{\"items\":[{\"messageId\":\"$id\",\"visible\":$1}]}" "$ebox/ebox/messages"
}
visible false
echo "hidden $(list --data visible=false | total) $(list --data visible=true | total)"
visible true
echo "restored $(list --data visible=false | total)"

cat > reply.json <<JSON
{"bodyContent":{"nl":"Ik kom"},"isBodyMainContent":true,"attachments":[{"httpPartName":"upfile1","isMainContent":false}]}
JSON
reply=$("${curl[@]}" "${auth[@]}" --header "Idempotency-Key: reply-1" "$ebox3/ebox/messages/$id/reply" \
  --form 'messageToPublish=<reply.json' --form 'upfile1=@annex.txt;type=text/plain' | value messageId)
echo "replied $("${curl[@]}" "${auth[@]}" "$ebox/ebox/messages/$reply" | value originalMessageId)"
echo "body $("${curl[@]}" "${auth[@]}" "$ebox/ebox/messages/$reply/body" | value nl)"

status=$("${curl[@]}" "${auth[@]}" --header 'Content-Type: application/json' "$ebox/searchMessageStatus" \
  --data "[{\"messageId\":\"$id\",\"eboxId\":{\"eboxType\":\"enterprise\",\"eboxIdValue\":\"$me\"}}]")
echo "status $(value readStatus <<< "$status") $(value visible <<< "$status")"

linked=$("${curl[@]}" "${auth[@]}" --header 'Content-Type: application/json' "$ebox/linkEboxMessage" \
  --data "{\"messageId\":\"$id\",\"recipients\":$(cat recipients.json)}")
echo "linked $(value nbSuccessLinks <<< "$linked") $(grep -o '"eboxType"' <<< "$linked" | wc -l)"

"${curl[@]}" "${auth[@]}" --output all.zip --get --data "messageId=$id" --data "messageId=$reply" "$ebox3/ebox/attachments.zip"
echo "zip $(stat -c %s all.zip)"
echo "unread $("${curl[@]}" "${auth[@]}" "$ebox/ebox" | value numberOfUnreadMessages)"
