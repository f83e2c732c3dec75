# Runs the servers configured in the directory $1, the directory server on port $2, until standard input ends.
# It ends with the process that holds the other side, however that ends. Then nothing is left: the directory goes too.
PATH=$PATH:/usr/sbin:/sbin
dir=$1
cd "$dir" || exit
slapd -f slapd/slapd.conf -h "ldaps://127.0.0.1:$2/" -d 0 >slapd.log 2>&1 &
servers=$!
dovecot -F -c dovecot/dovecot.conf >dovecot.out 2>&1 &
servers="$servers $!"
postfix -c "$dir/postfix" start-fg >postfix.out 2>&1 &
read -r _
postfix -c "$dir/postfix" stop >>postfix.out 2>&1
kill $servers
wait
cd / && rm -rf "$dir"
