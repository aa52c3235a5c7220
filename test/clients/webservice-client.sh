#!/usr/bin/env bash
# A sender of the web service, written from its OpenAPI description and the README alone: curl and openssl.
# Usage: webservice-client.sh URL CLIENT KEY.pem DIR FILE…   sends the files, waits, fetches every answer into DIR and takes it away
set -euo pipefail

url=$1 client=$2 key=$3 dir=$4
shift 4
curl=(curl --silent --show-error --fail-with-body --insecure --max-time 60)

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# A JWT that says who we are, good once, for two minutes.
assertion() {
  local now head claims
  now=$(date +%s)
  head=$(printf '{"alg":"RS256","typ":"JWT"}' | base64url)
  claims=$(printf '{"iss":"%s","sub":"%s","aud":"%s/REST/oauth/v5/token","jti":"%s","iat":%d,"nbf":%d,"exp":%d}' \
    "$client" "$client" "$url" "$(openssl rand -hex 16)" "$now" "$now" $((now + 120)) | base64url)
  printf '%s.%s.%s' "$head" "$claims" "$(printf '%s.%s' "$head" "$claims" | openssl dgst -sha256 -sign "$key" | base64url)"
}

# The value of a text in a JSON object.
value() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }

token=$("${curl[@]}" "$url/REST/oauth/v5/token" \
  --data-urlencode grant_type=client_credentials \
  --data-urlencode client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \
  --data-urlencode "client_assertion=$(assertion)" | value access_token)
auth=(--header "Authorization: Bearer $token")

parts=()
for file in "$@"; do parts+=(--form "file=@$file"); done
ticket=$("${curl[@]}" "${auth[@]}" --header "Idempotency-Key: $(openssl rand -hex 16)" "${parts[@]}" \
  "$url/REST/batch/v1/submissions" | value ticket)
echo "ticket $ticket"

# One request that waits, instead of many that ask; again until both answers are there.
for _ in {1..30}; do
  status=$("${curl[@]}" "${auth[@]}" --header 'Prefer: wait=10' "$url/REST/batch/v1/submissions/$ticket")
  case $status in *'"file":"FO.ACRF.'*'"file":"FO.NOTI.'* | *'"resultCode":0'*'"file":"FO.ACRF.'*) break ;; esac
done
echo "status $status"

for name in $("${curl[@]}" "${auth[@]}" "$url/REST/batch/v1/out" | grep -o '"name":"[^"]*"' | cut -d'"' -f4); do
  "${curl[@]}" "${auth[@]}" --output "$dir/$name" "$url/REST/batch/v1/out/$name"
  "${curl[@]}" "${auth[@]}" --request DELETE "$url/REST/batch/v1/out/$name"
  echo "fetched $name"
done
