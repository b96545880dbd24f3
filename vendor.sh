#!/bin/sh
# Renews the vendored front-end files from the locked npm manifest (package.json, package-lock.json).
# Their result is committed, so only the person who raises a version needs Node and npm.
# Writes groupware/static/vendor/ and groupware/static/groupware/icons.svg; leaves nothing else behind.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
static="$here/groupware/static"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$here/package.json" "$here/package-lock.json" "$work/"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
modules="$work/node_modules"

# --- htmx -------------------------------------------------------------------------------------
mkdir -p "$static/vendor/htmx" "$static/vendor/lucide" "$static/groupware"
cp "$modules/htmx.org/dist/htmx.min.js" "$static/vendor/htmx/htmx.min.js"
cp "$modules/htmx.org/LICENSE" "$static/vendor/htmx/LICENSE"
cp "$modules/lucide-static/LICENSE" "$static/vendor/lucide/LICENSE"

# --- icons ------------------------------------------------------------------------------------
# Only what a screen uses is in the sprite; add a name here when a screen needs one more.
icons="
activity archive archive-restore arrow-left arrow-right at-sign ban bell book-user building-2
calendar check check-check chevron-down chevron-left chevron-right chevron-up chevrons-up-down
circle circle-alert circle-check circle-help circle-x clock copy corner-down-right download ellipsis
ellipsis-vertical external-link eye eye-off file file-text flag folder folder-input folder-open
folder-plus forward funnel git-branch globe hard-drive history house image image-off inbox info key-round
keyboard languages layout-grid link list list-filter lock log-in log-out mail mail-open mail-plus
mail-x menu minus monitor moon panel-left paperclip pencil plug plus printer refresh-cw reply
reply-all rotate-ccw rows-3 save scroll-text search send server settings shield shield-alert
shield-check sliders-horizontal smartphone square-pen star sun table-2 tag timer trash-2
triangle-alert undo-2 unlink upload user user-plus users wifi-off wrench x zoom-in
bold italic underline list-ordered text-quote indent-increase indent-decrease eraser
"
sprite="$static/groupware/icons.svg"
{
  echo '<?xml version="1.0" encoding="UTF-8"?>'
  echo '<!-- Lucide icons, ISC licence: see vendor/lucide/LICENSE. Written by vendor.sh. -->'
  echo '<svg xmlns="http://www.w3.org/2000/svg">'
  for name in $icons; do
    source="$modules/lucide-static/icons/$name.svg"
    # Stroke and fill are left to the stylesheet, so that one icon can be outlined here and filled there.
    printf '<symbol id="%s" viewBox="0 0 24 24">' "$name"
    sed -n '/^>$/,/^<\/svg>$/p' "$source" | sed -e '1d' -e '$d' -e 's/^ *//' | tr -d '\n'
    echo '</symbol>'
  done
  echo '</svg>'
} > "$sprite.new"
mv "$sprite.new" "$sprite"
echo "icons: $(grep -c '<symbol' "$sprite"), htmx: $(sed -n 's/.*version:"\([0-9.]*\)".*/\1/p' "$static/vendor/htmx/htmx.min.js" | head -1)"
